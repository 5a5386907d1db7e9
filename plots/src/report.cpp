#include "reluflow/plots/report.hpp"

#include "html.hpp"
#include "reluflow/errors.hpp"
#include "reluflow/version.hpp"
#include "report_figures.hpp"
#include "report_style.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <string_view>
#include <utility>

namespace reluflow::plots {
namespace {

namespace fs = std::filesystem;

using table_rows = std::vector<std::vector<std::string>>;

/// How every page begins.
constexpr std::string_view signature =
    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
    "<meta name=\"generator\" content=\"reluflow ";

std::string text_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) throw invalid_input(file.string(), "no such file", "a file of the run");
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string explained(outcome ending) {
  switch (ending) {
    case outcome::reached_end:
      return "the run reached its end";
    case outcome::converged:
      return "the loss or the gradient fell below its level";
    case outcome::stopping_time:
      return "a terminal stopping time was reached";
    case outcome::accumulation:
      return "switches without end at one time";
    case outcome::step_limit:
      return "the largest number of steps was not enough";
    case outcome::not_finite:
      return "the state left the range of doubles";
    case outcome::interrupted:
      return "the run was interrupted";
  }
  return {};
}

template <typename Integer>
std::string count(Integer value) {
  return fmt::format("<data value=\"{0}\">{0}</data>", value);
}

std::string with_note(const std::string& markup, std::string_view note) {
  return note.empty() ? markup
                      : fmt::format("{}<span class=\"note\">{}</span>", markup, html_text(note));
}

table_rows result_rows(const run_record& record) {
  const trajectory& run = record.run;
  const run_statistics& s = run.statistics;
  const double initial = run.rows.empty() ? std::nan("") : run.rows.front().loss;
  table_rows rows{
      {"time reached", html_number(run.t)},
      {"loss", html_number(run.end.loss)},
      {"estimated error of the loss", html_number(s.loss_error)},
      {"curvature μ = −L′/L", html_number(run.end.mu)},
      {"mean of μ", html_number(run.end.mu_mean)},
      {"gradient norm", html_number(run.end.gradient_norm)},
      {"pairs active", count(run.end.active)},
      {"pairs sliding", count(run.end.sliding)},
      {"dissipated energy",
       with_note(html_number(s.dissipated),
                 std::isnan(initial) ? std::string()
                                     : fmt::format("the loss fell by {:.6g}; the two agree up to "
                                                   "the error of the run",
                                                   initial - run.end.loss))},
      {"drift of a² − |w|²",
       with_note(html_number(s.invariant_drift), "relative; conserved by the flow")},
  };
  if (!std::isnan(initial))
    rows.insert(rows.begin() + 1, {"loss at the start", html_number(initial)});
  return rows;
}

/// How many switches have a time that means something, and what became of the others.
std::string certain_switches_of(const run_statistics& s) {
  const std::int64_t noise = s.switches - s.certain_switches;
  if (noise <= 0) return count(s.certain_switches);
  return with_note(count(s.certain_switches),
                   fmt::format("{} more are made of noise: their times mean nothing, and figures "
                               "leave out those that lead there and back",
                               noise));
}

table_rows work_rows(const run_record& record) {
  const run_statistics& s = record.run.statistics;
  const bool spherical = record.run.chart == chart_kind::spherical;
  const bool global = record.setup.flow.switching == switching_method::global;
  return {
      {"switches", count(s.switches)},
      {"switches at times that are known", certain_switches_of(s)},
      {"entries into sliding", count(s.slides)},
      {"repelling surfaces met", count(s.repelling)},
      {"steps", count(s.steps)},
      {"steps rejected", count(s.rejected)},
      {"field evaluations", count(s.field_evaluations)},
      {"seconds", html_number(s.wall_seconds)},
      {"chart", spherical ? "spherical" : "Cartesian"},
      {"switching", global ? "global" : "asynchronous"},
      {"relative tolerance", html_number(record.setup.flow.rtol)},
      {"seed", record.setup.seed ? count(*record.setup.seed) : "none"},
      {"reluflow", html_text(record.version)},
  };
}

std::string summary_section(const run_record& record) {
  const problem& setup = record.setup;
  std::string html = fmt::format(
      "<p class=\"lead\"><span class=\"outcome {}\">{}</span>: {}, at t = {}.</p>\n",
      is_success(record.run.ending) ? "answered" : "unanswered", to_string(record.run.ending),
      explained(record.run.ending), html_number(record.run.t));
  html += fmt::format(
      "<p>{} samples in dimension {}, {} neurons; output scale {}.</p>\n<div class=\"columns\">\n",
      setup.data.size(), setup.data.dimension(), setup.initial.width(),
      html_number(setup.initial.output_scale()));
  html += html_table("What came out", {"quantity", "value"}, result_rows(record));
  html += html_table("What it took", {"quantity", "value"}, work_rows(record));
  html += "</div>\n";
  if (!record.run.stalled_pairs.empty()) {
    table_rows pairs;
    for (const auto& [neuron, sample] : record.run.stalled_pairs) {
      pairs.push_back({count(neuron), count(sample)});
    }
    html += html_table("Pairs that switch without end", {"neuron", "sample"}, pairs);
  }
  return html;
}

std::string phases_section(const std::vector<phase_row>& phases) {
  if (phases.empty()) return "<p>No phase and no stopping time was found.</p>\n";
  table_rows rows;
  for (const phase_row& one : phases) {
    rows.push_back({html_text(one.name), html_number(one.t),
                    one.until ? html_number(*one.until) : std::string(), with_note("", one.note)});
  }
  return html_table("Phases (from, until) and stopping times, in order of time",
                    {"name", "t", "until", "note"}, rows);
}

/// A number beside a number, and nothing that the theory asks for is missing.
bool is_compared(const prediction_row& one) {
  return one.assumptions_hold && !std::isnan(one.predicted) && !std::isnan(one.measured);
}

std::string predictions_section(const std::vector<prediction_row>& predictions) {
  table_rows compared;
  table_rows others;
  for (const prediction_row& one : predictions) {
    (is_compared(one) ? compared : others)
        .push_back({html_text(one.name), html_text(one.kind), html_number(one.predicted),
                    html_number(one.measured), html_number(one.difference),
                    with_note(html_text(one.reference), one.note)});
  }
  const std::vector<std::string_view> headings{"name",     "kind",       "predicted",
                                               "measured", "difference", "reference"};
  if (compared.empty() && others.empty()) return "<p>The theory is silent about this run.</p>\n";
  std::string html = "<p>No closed form applies to this run.</p>\n";
  if (!compared.empty()) {
    html = html_table("Closed forms beside what was measured", headings, compared);
  }
  if (!others.empty()) {
    html += fmt::format(
        "<details><summary>{} closed forms that do not apply or were not measured, and "
        "why</summary>\n{}</details>\n",
        others.size(), html_table("Not compared", headings, others));
  }
  return html;
}

std::string quoted(const fs::path& file, bool open) {
  return fmt::format("<details{}><summary>{}</summary>\n<pre tabindex=\"0\">{}</pre></details>\n",
                     open ? " open=\"open\"" : "", html_text(file.filename().string()),
                     html_text(text_of(file)));
}

/// A section, and its place in the list of contents; nothing when it is empty.
class page_body {
 public:
  void add(std::string_view id, std::string_view heading, const std::string& html) {
    if (html.empty()) return;
    contents_ += fmt::format("<li><a href=\"#{}\">{}</a></li>\n", id, heading);
    sections_ +=
        fmt::format("<section aria-labelledby=\"{0}\">\n<h2 id=\"{0}\">{1}</h2>\n{2}</section>\n",
                    id, heading, html);
  }

  [[nodiscard]] std::string html(const std::string& title) const {
    return fmt::format(
        "<header>\n<h1>{}</h1>\n<nav aria-label=\"contents\"><ul>\n{}</ul></nav>\n</header>\n"
        "<main>\n{}</main>\n",
        title, contents_, sections_);
  }

 private:
  std::string contents_;
  std::string sections_;
};

std::string title_of(const fs::path& directory) {
  fs::path whole = fs::absolute(directory).lexically_normal();
  if (!whole.has_filename()) whole = whole.parent_path();
  return html_text("Run " + whole.filename().string());
}

std::string gallery(const std::string& figures) {
  return figures.empty() ? figures : "<div class=\"gallery\">\n" + figures + "</div>\n";
}

std::string whole_page(const std::string& title, const page_body& body) {
  std::string html(signature);
  // The policy is a promise: this page loads nothing.
  html += fmt::format(
      "{}\"/>\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
      "style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:\"/>\n"
      "<title>{}</title>\n<style>{}</style>\n</head>\n<body>\n",
      version_string, title, report_style);
  html += body.html(title);
  html += fmt::format(
      "<footer><p>Made by reluflow {}. This page needs nothing but itself.</p></footer>\n"
      "<script>{}</script>\n</body>\n</html>\n",
      version_string, report_script);
  return html;
}

}  // namespace

report make_report(const fs::path& directory, const run_record& record,
                   const render_options& render) {
  render.validate();
  figures_part figures = run_figures_part(record, render);
  figures_part animation = animation_part(record, render);
  page_body body;
  body.add("summary", "Summary", summary_section(record));
  body.add("phases", "Phases", phases_section(record.phases));
  body.add("predictions", "Predictions against measured", predictions_section(record.predictions));
  body.add("figures", "Figures", gallery(figures.html));
  body.add("animation", "Animation", animation.html);
  body.add("further-figures", "Further figures", gallery(further_figures_part(directory)));
  body.add("problem", "Problem and options",
           quoted(directory / "problem.toml", true) + quoted(directory / "summary.json", false));
  report made{whole_page(title_of(directory), body), std::move(figures.results)};
  std::move(animation.results.begin(), animation.results.end(), std::back_inserter(made.figures));
  return made;
}

bool is_report(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::string head(signature.size(), '\0');
  in.read(head.data(), static_cast<std::streamsize>(head.size()));
  return in && head == signature;
}

}  // namespace reluflow::plots
