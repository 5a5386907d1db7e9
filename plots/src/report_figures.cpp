#include "report_figures.hpp"

#include "html.hpp"
#include "reluflow/detail/scratch_directory.hpp"
#include "reluflow/plots/run_figures.hpp"
#include "report_svg.hpp"
#include "run_support.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <fstream>
#include <iterator>
#include <map>
#include <system_error>
#include <utility>

namespace reluflow::plots {
namespace {

namespace fs = std::filesystem;

std::string bytes_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

struct drawn_figure {
  std::string svg{};  ///< empty when it could not be drawn
  figure_result result{};
};

drawn_figure draw(const figure& fig, render_options render, const svg_place& place) {
  const detail::scratch_directory scratch;
  render.svg = true;
  render.png = false;
  render.interactive = false;
  drawn_figure made;
  made.result = write_figure(scratch.path(), fig, render);
  if (made.result.status == figure_status::complete) {
    made.svg = inline_svg(bytes_of(scratch.path() / (fig.name + ".svg")), fig, place);
  }
  // They are gone with the directory.
  made.result.files.clear();
  return made;
}

/// Says what a figure shows, with the numbers that it shows best.
std::string caption_of(const figure& fig, const run_record& record) {
  const trajectory& run = record.run;
  if (fig.name == "loss") {
    const double first = run.rows.empty() ? run.end.loss : run.rows.front().loss;
    return fmt::format(
        "The loss falls from {} to {}: above on a linear axis, below on a logarithmic one.{}",
        number_text(first), number_text(run.end.loss),
        record.phases.empty() ? "" : " Shaded: the phases.");
  }
  if (fig.name == "curvature") {
    return fmt::format(
        "The local-PL curvature μ = −L′/L and its running mean, which is the exponent of the loss: "
        "{} at the end.",
        number_text(run.end.mu_mean));
  }
  if (fig.name == "directions") {
    return record.setup.data.dimension() == 2
               ? "The angle of every neuron over time; at the dotted angles a sample switches."
               : "Where every neuron points over time: its cosine to Σ yₖxₖ.";
  }
  static const std::map<std::string, std::string> captions{
      {"neurons",
       "The samples, the learned function and the neurons at up to four times. A neuron is a point "
       "at the kink that it adds to the function, its height the neuron’s share; a ring marks one "
       "that slides."},
      {"principal",
       "The neurons at up to four times in the plane of the two leading principal components of "
       "the final hidden weights: the angle is where a neuron points, the distance from the inner "
       "circle its size."},
      {"explained_variance",
       "What each principal component of the final hidden weights explains, and all together."},
      {"norms", "The size of every neuron: ln|w| over time, coloured by the sign of its output."},
      {"raster",
       "The activation raster: every neuron is a line, with its modes over time. Neurons "
       "are sorted by their sign and their final direction."},
  };
  const auto found = captions.find(fig.name);
  return found == captions.end() ? std::string() : found->second;
}

readout readout_of(const figure& fig) {
  if (fig.name == "principal" || fig.name == "explained_variance") return readout::none;
  return fig.name == "raster" ? readout::horizontal : readout::both;
}

std::string toggles(const figure& fig) {
  std::string buttons;
  std::size_t number = 0;
  for (const std::string& label : toggled_labels(fig)) {
    buttons +=
        fmt::format("<button type=\"button\" aria-pressed=\"true\" data-curve=\"{}\">{}</button>\n",
                    number++, html_text(label));
  }
  return buttons.empty() ? "" : "<div class=\"tools\" hidden=\"hidden\">" + buttons + "</div>\n";
}

std::string missing(const figure_result& result) {
  return fmt::format("<p class=\"missing\">Not drawn: {}</p>\n", html_text(result.message));
}

std::string frame_time(const figure& frame) {
  const std::string& title = frame.panels.front().title;
  return title.substr(0, title.find(','));
}

/// At most `most` of the times, spread evenly, in order.
std::vector<double> thinned(std::vector<double> times, std::size_t most) {
  std::sort(times.begin(), times.end());
  times.erase(std::unique(times.begin(), times.end()), times.end());
  if (times.size() <= most) return times;
  std::vector<double> kept;
  for (std::size_t i = 0; i < most; ++i) {
    kept.push_back(times[i * (times.size() - 1) / (most - 1)]);
  }
  return kept;
}

/// The times of the recorded states that tell most: where switches are and where the loss falls.
std::vector<double> frame_times(const run_record& record) {
  // A frame of many neurons takes up to 200 KB of the page.
  const std::size_t most = record.run.final_network.width() > 400 ? 16 : 40;
  std::vector<double> known{0.0, record.run.t};
  const std::vector<record_row>& rows = record.run.rows;
  for (const double wanted : thinned(animation_times(record.run, most), 4 * most)) {
    const auto at = std::lower_bound(rows.begin(), rows.end(), wanted,
                                     [](const record_row& row, double t) { return row.t < t; });
    if (at != rows.end()) known.push_back(at->t);
  }
  return thinned(std::move(known), most);
}

figure frames_of(const run_record& record) {
  const dataset& data = record.setup.data;
  std::vector<double> times = frame_times(record);
  if (has_kinks(data)) {
    figure fig = neurons_frames(data, record.run, std::move(times), 1.0);
    fig.name = "neurons_animation";
    return fig;
  }
  figure fig = principal_animation(data, record.run, std::move(times));
  fig.frame_seconds = 0.0;
  return fig;
}

bool is_image_of_any_run(const std::string& stem) {
  constexpr std::array<std::string_view, 10> own{
      "loss",  "curvature",  "neurons", "principal",        "explained_variance",
      "norms", "directions", "raster",  "loss_interactive", "neurons_animation"};
  return std::find(own.begin(), own.end(), stem) != own.end();
}

}  // namespace

figures_part run_figures_part(const run_record& record, const render_options& render) {
  figures_part part;
  const run_figure_options look = shown_with(record.phases);
  for (const figure& fig : figures_of(record.setup.data, record.run, look)) {
    const std::string id = "figure-" + fig.name;
    drawn_figure made = draw(fig, render, {id, id + "-caption", readout_of(fig)});
    if (made.result.status != figure_status::no_data) {
      part.html += fmt::format(
          "<figure data-figure=\"{}\">\n{}<div class=\"wide\" role=\"region\" aria-label=\"{}\" "
          "tabindex=\"0\">"
          "{}</div>\n<p class=\"readout\" aria-hidden=\"true\"></p>\n"
          "<figcaption id=\"{}-caption\">{}</figcaption>\n</figure>\n",
          fig.name, made.svg.empty() ? "" : toggles(fig), "figure " + fig.name,
          made.svg.empty() ? missing(made.result) : made.svg, id,
          html_text(caption_of(fig, record)));
    }
    part.results.push_back(std::move(made.result));
  }
  return part;
}

figures_part animation_part(const run_record& record, const render_options& render) {
  constexpr std::size_t fewest = 3;
  figures_part part;
  const bool seen = record.setup.data.dimension() >= 2 && record.run.final_network.width() > 0;
  if (!seen || record.run.states.size() < fewest) return part;
  const figure all = frames_of(record);
  std::string frames;
  std::vector<std::string> times;
  figure frame = all;
  for (const panel& axes : all.panels) {
    frame.panels = {axes};
    const std::string id = fmt::format("frame-{}", times.size());
    drawn_figure made = draw(frame, render, {id, "animation-caption", readout::none});
    if (made.result.status != figure_status::complete) {
      // What stops one frame stops all of them.
      part.results.push_back(std::move(made.result));
      return part;
    }
    frames += made.svg + "\n";
    times.push_back(frame_time(frame));
  }
  part.html = fmt::format(
      "<figure data-animation=\"{}\">\n<div class=\"tools\" hidden=\"hidden\">"
      "<button type=\"button\" class=\"play\">Play</button>\n"
      "<input type=\"range\" min=\"0\" max=\"{}\" value=\"{}\" aria-label=\"frame\"/>\n"
      "<output aria-live=\"off\"></output></div>\n"
      "<div class=\"wide frames\" role=\"region\" aria-label=\"animation\" "
      "tabindex=\"0\">{}</div>\n"
      "<figcaption id=\"animation-caption\">The neurons in motion, at {} times placed by switches "
      "and "
      "by the fall of the loss.</figcaption>\n</figure>\n",
      html_text(fmt::format("{}", fmt::join(times, "|"))), times.size() - 1, times.size() - 1,
      frames, times.size());
  return part;
}

std::string further_figures_part(const fs::path& directory) {
  constexpr std::uintmax_t largest = 8'000'000;
  std::vector<fs::path> images;
  std::error_code error;
  for (fs::directory_iterator it(directory / "figures", error), end; !error && it != end;
       it.increment(error)) {
    const std::string kind = it->path().extension().string();
    const bool image = (kind == ".svg" || kind == ".gif") && it->is_regular_file();
    if (image && it->file_size() <= largest && !is_image_of_any_run(it->path().stem().string())) {
      images.push_back(it->path());
    }
  }
  std::sort(images.begin(), images.end());
  std::string html;
  for (const fs::path& image : images) {
    const std::string name = html_text(image.stem().string());
    html += fmt::format(
        "<figure>\n<div class=\"wide\" role=\"region\" aria-label=\"figure {0}\" tabindex=\"0\">"
        "<img alt=\"{0}\" src=\"data:image/{1};base64,{2}\"/></div>\n"
        "<figcaption>{0}</figcaption>\n</figure>\n",
        name, image.extension() == ".svg" ? "svg+xml" : "gif", base64(bytes_of(image)));
  }
  return html;
}

}  // namespace reluflow::plots
