# What happens on a switching surface. Run  gnuplot surfaces.gp  in this directory to make surfaces.svg anew.
set encoding utf8
set terminal svg enhanced size 900,330 font 'DejaVu Sans,10' fontscale 1.25 background '#ffffff' name 'surfaces'
set output 'surfaces.svg'
set multiplot
unset key; unset tics; unset border
set xrange [-1:1]; set yrange [-1.05:1]
set tmargin at screen 0.86; set bmargin at screen 0.16
set style arrow 1 head filled size 0.07,20 lw 1.2 lc rgb '#999999'
set style line 1 lw 2.5 lc rgb '#0072b2'
set style line 2 lw 3.5 lc rgb '#009e73'

# field arrows: (vl, tl) on the inactive side, (vr, tr) on the active side
$grid << e
-0.8 -0.65
-0.8 -0.25
-0.8 0.15
-0.8 0.55
-0.5 -0.65
-0.5 -0.25
-0.5 0.15
-0.5 0.55
0.3 -0.65
0.3 -0.25
0.3 0.15
0.3 0.55
0.65 -0.65
0.65 -0.25
0.65 0.15
0.65 0.55
e
u(x) = x < 0 ? vl : vr
v(x) = x < 0 ? tl : tr

do for [p = 1:3] {
  set lmargin at screen 0.02 + (p - 1) * 0.33
  set rmargin at screen 0.02 + (p - 1) * 0.33 + 0.30
  unset label; unset arrow; unset object
  set object 1 rectangle from graph 0, graph 0 to first 0, graph 1 behind fc rgb '#f0f0f0' fs solid noborder
  set object 2 rectangle from first 0, graph 0 to graph 1, graph 1 behind fc rgb '#e3e8ee' fs solid noborder
  set arrow 1 from first 0, graph 0 to first 0, graph 1 nohead lw 1.5 lc rgb '#333333' front
  set label 1 'inactive' at graph 0.03, graph 0.06 left tc rgb '#444444' front
  set label 2 'active' at graph 0.97, graph 0.06 right tc rgb '#444444' front
  set label 3 '⟨w, x⟩ = 0' at graph 0.5, screen 0.10 center
  if (p == 1) {
    vl = 0.22; tl = 0.12; vr = 0.2; tr = 0.26
    set label 4 'crossing:  v_− > 0,  v_+ > 0' at graph 0.5, screen 0.92 center
    plot $grid using ($1-0.5*u($1)):($2-0.5*v($1)):(u($1)):(v($1)) with vectors as 1, \
         '+' using (-0.9 + 0.9 * ($1 + 1) / 2):(-0.6 + 0.49 * ($1 + 1) / 2) with lines ls 1, \
         '+' using (0.7 * ($1 + 1) / 2):(-0.11 + 0.91 * ($1 + 1) / 2) with lines ls 1
  }
  if (p == 2) {
    vl = 0.22; tl = 0.12; vr = -0.2; tr = 0.26
    set label 4 'sliding:  v_− > 0 > v_+' at graph 0.5, screen 0.92 center
    set label 5 'η = v_− / (v_− − v_+)' at first 0.06, first 0.82 left tc rgb '#00664a' front
    plot $grid using ($1-0.5*u($1)):($2-0.5*v($1)):(u($1)):(v($1)) with vectors as 1, \
         '+' using (-0.9 + 0.9 * ($1 + 1) / 2):(-0.75 + 0.49 * ($1 + 1) / 2) with lines ls 1, \
         '+' using (0):(-0.26 + 1.16 * ($1 + 1) / 2) with lines ls 2
  }
  if (p == 3) {
    vl = -0.22; tl = 0.12; vr = 0.2; tr = 0.26
    set label 4 'repelling:  v_− < 0 < v_+' at graph 0.5, screen 0.92 center
    set label 5 "solutions are\nnot unique" at first -0.95, first 0.86 left tc rgb '#a04000' front
    plot $grid using ($1-0.5*u($1)):($2-0.5*v($1)):(u($1)):(v($1)) with vectors as 1, \
         '+' using (-0.9 * ($1 + 1) / 2):(-0.5 + 0.49 * ($1 + 1) / 2) with lines ls 1, \
         '+' using (0.8 * ($1 + 1) / 2):(-0.5 + 1.04 * ($1 + 1) / 2) with lines lw 2.5 dt 2 lc rgb '#0072b2'
  }
}
unset multiplot
