# The arrows between the rooms run one way, and public headers show no private dependency. Run as
#     cmake -D ROOT=<source tree> -P architecture.cmake
cmake_minimum_required(VERSION 3.22)

set(violations 0)

# forbid_lines(<regex of a line> <why> <directory>...)
function(forbid_lines what why)
  set(found ${violations})
  foreach(directory IN LISTS ARGN)
    file(GLOB_RECURSE files ${ROOT}/${directory}/*.hpp ${ROOT}/${directory}/*.cpp)
    foreach(file IN LISTS files)
      file(STRINGS ${file} lines REGEX "${what}")
      foreach(line IN LISTS lines)
        file(RELATIVE_PATH name ${ROOT} ${file})
        message(NOTICE "${name}: ${line}: ${why}")
        math(EXPR found "${found} + 1")
      endforeach()
    endforeach()
  endforeach()
  set(violations ${found} PARENT_SCOPE)
endfunction()

# forbid(<regex of an included path> <why> <directory>...)
function(forbid what why)
  forbid_lines("^[ \t]*#[ \t]*include[ \t]*[<\"](${what})" "${why}" ${ARGN})
  set(violations ${violations} PARENT_SCOPE)
endfunction()

set(public lib/include solvers/include plots/include)

# The arrows.
forbid("reluflow/solvers/" "lib knows no solver" lib)
forbid("reluflow/plots/" "lib knows no plot" lib)
forbid("reluflow/plots/" "solvers know no plot" solvers)
forbid("reluflow/solvers/" "plots know no solver" plots)
forbid("(\\.\\./)+(app|examples|lib|plots|solvers|tests|bench)/" "a room is entered by its public headers"
       lib solvers plots app examples)
forbid("[^>\"]*/src/" "what is in src is private" lib solvers plots app examples bench)

# What lives in one room. Benchmarks and tests have a plain Odeint to compare with.
forbid("boost/numeric/odeint" "Odeint lives in solvers/src" lib plots app examples solvers/include)
forbid_lines("odeint::" "Odeint lives in solvers/src" lib plots app examples solvers/include)
forbid("gnuplot-iostream" "gnuplot lives in plots/src" lib solvers app examples tests bench plots/include)
forbid_lines("\"gnuplot[\" ]|Gnuplot " "gnuplot lives in plots/src" lib solvers app examples bench)

# An installed reluflow asks its users for Eigen and nothing else, and its headers stand alone.
forbid("boost/|cereal/|fmt/|nlohmann/|toml|zip\\.h|CLI/|omp\\.h" "a private dependency in a public header"
       ${public})
forbid_lines("^[ \t]*#[ \t]*include[ \t]*\"([^r]|r[^e]|re[^l]|rel[^u])"
             "a public header includes public headers, by their full names" ${public})

if(violations GREATER 0)
  message(FATAL_ERROR "${violations} lines break the architecture")
endif()
