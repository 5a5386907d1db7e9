#include <boost/test/unit_test.hpp>
// After Boost.Test.
#include "io_csv_reader.hpp"
#include "io_support.hpp"
#include "io_text.hpp"
#include "reluflow/io/csv.hpp"

#include <rapidcheck/boost_test.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

namespace {

using namespace reluflow;
using reluflow::testing::complaint;
using reluflow::testing::contents;
using reluflow::testing::scratch_directory;

bool same_bits(const Eigen::MatrixXd& a, const Eigen::MatrixXd& b) {
  return a.rows() == b.rows() && a.cols() == b.cols() &&
         std::memcmp(a.data(), b.data(), static_cast<std::size_t>(a.size()) * sizeof(double)) == 0;
}

bool same_bits(const network& a, const network& b) {
  return a.is_balanced() == b.is_balanced() && a.output_scale() == b.output_scale() &&
         same_bits(a.signs(), b.signs()) && same_bits(a.log_norms(), b.log_norms()) &&
         same_bits(a.directions(), b.directions()) &&
         same_bits(a.output_weights(), b.output_weights());
}

struct bad_file {
  const char* text;
  const char* message;
};

/// Any finite double, all exponents alike.
double any_finite() {
  const auto bits = *rc::gen::arbitrary<std::uint64_t>();
  double value = 0.0;
  std::memcpy(&value, &bits, sizeof value);
  return std::isfinite(value) ? value : 1.5;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(points)

BOOST_AUTO_TEST_CASE(a_plain_file_is_read) {
  const scratch_directory scratch;
  const dataset data = read_points(scratch.write("points.csv", "x1,x2,y\n-0.5,1,-1\n2.0,1,1e0\n"));
  BOOST_TEST(data.dimension() == 2);
  BOOST_TEST(data.size() == 2);
  BOOST_TEST(data.inputs()(0, 1) == 2.0);
  BOOST_TEST(data.inputs()(1, 0) == 1.0);
  BOOST_TEST(data.labels()[1] == 1.0);
}

BOOST_AUTO_TEST_CASE(spaces_signs_line_ends_and_a_byte_order_mark_do_not_matter) {
  const scratch_directory scratch;
  const dataset plain = read_points(scratch.write("a.csv", "x1,x2,y\n-0.5,1,-1\n2,1,1\n"));
  const dataset odd = read_points(scratch.write(
      "b.csv", "\xEF\xBB\xBF x1 ,x2\t, y\r\n -0.5 , +1,-1\r\n+2.0,1.e0 ,\t+1\r\n\r\n \n"));
  const dataset unended = read_points(scratch.write("c.csv", "x1,x2,y\n-0.5,1,-1\n2,1,1"));
  BOOST_TEST(same_bits(plain.inputs(), odd.inputs()));
  BOOST_TEST(same_bits(plain.labels(), odd.labels()));
  BOOST_TEST(same_bits(plain.inputs(), unended.inputs()));
}

BOOST_AUTO_TEST_CASE(a_bias_is_a_last_coordinate_and_makes_a_zero_input_legal) {
  const scratch_directory scratch;
  const dataset data = read_points(scratch.write("points.csv", "x1,y\n0,1\n2,3\n"), true);
  BOOST_TEST(data.dimension() == 2);
  BOOST_TEST(data.inputs()(0, 0) == 0.0);
  BOOST_TEST(data.inputs()(1, 0) == 1.0);
  BOOST_TEST(data.inputs()(1, 1) == 1.0);
}

BOOST_AUTO_TEST_CASE(every_bad_file_is_named_with_its_line) {
  const bad_file cases[] = {
      {"", "p.csv, line 1: found an empty file, expected the header x1,...,xd,y"},
      {"x1,x2,y\n", "p.csv, line 2: found the end of the file, expected at least one sample"},
      {"y\n1\n", "p.csv, line 1: found \"y\", expected the header x1,...,xd,y"},
      {"x1,x3,y\n1,2,3\n", "p.csv, line 1: found \"x1,x3,y\", expected the header x1,...,xd,y"},
      {"x1,x2\n1,2\n", "p.csv, line 1: found \"x1,x2\", expected the header x1,...,xd,y"},
      {"1,2,3\n", "p.csv, line 1: found \"1,2,3\", expected the header x1,...,xd,y"},
      {"x1,x2,y\n1,2,3\n1,2\n",
       "p.csv, line 3: found 2 fields, expected 3 fields as in the header"},
      {"x1,x2,y\n1,2,3,4\n", "p.csv, line 2: found 4 fields, expected 3 fields as in the header"},
      {"x1,x2,y\n1,2,3\n\n1,2,3\n",
       "p.csv, line 3: found a blank line, expected 3 fields as in the header"},
      {"x1,x2,y\n1,nan,3\n", "p.csv, line 2: found \"nan\" in column x2, expected a finite number"},
      {"x1,x2,y\n1,2,NaN\n", "p.csv, line 2: found \"NaN\" in column y, expected a finite number"},
      {"x1,x2,y\n1,-inf,3\n",
       "p.csv, line 2: found \"-inf\" in column x2, expected a finite number"},
      {"x1,x2,y\n1,,3\n",
       "p.csv, line 2: found an empty field in column x2, expected a finite number"},
      {"x1,x2,y\n1,2.0.0,3\n",
       "p.csv, line 2: found \"2.0.0\" in column x2, expected a finite number"},
      {"x1,x2,y\n1,+-2,3\n", "p.csv, line 2: found \"+-2\" in column x2, expected a finite number"},
      {"x1,x2,y\n1,0x10,3\n",
       "p.csv, line 2: found \"0x10\" in column x2, expected a finite number"},
      {"x1,x2,y\n1,1e999,3\n",
       "p.csv, line 2: found \"1e999\" in column x2, expected a number within the range of "
       "doubles"},
      {"x1,x2,y\n1,2,3\n0,-0,3\n",
       "p.csv, line 3: found an input of norm zero, expected at least one coordinate that is not "
       "zero"},
      {"x1,x2,y\n1e308,1.7e308,3\n1.7e308,1.7e308,1\n",
       "p.csv, sample 0: found a value that is not finite, expected finite inputs and label"},
  };
  const scratch_directory scratch;
  for (const bad_file& bad : cases) {
    const auto file = scratch.write("p.csv", bad.text);
    BOOST_TEST(complaint(scratch, [&] { (void)read_points(file); }) == bad.message);
  }
}

BOOST_AUTO_TEST_CASE(a_file_that_is_not_there_or_no_file_is_named) {
  const scratch_directory scratch;
  BOOST_TEST(complaint(scratch, [&] { (void)read_points(scratch.path() / "p.csv"); }) ==
             "p.csv: found no such file, expected a CSV file with the header x1,...,xd,y");
  std::filesystem::create_directory(scratch.path() / "d");
  BOOST_TEST(complaint(scratch, [&] { (void)read_points(scratch.path() / "d"); }) ==
             "d: found is a directory, expected a CSV file with the header x1,...,xd,y");
}

BOOST_AUTO_TEST_CASE(what_is_found_is_quoted_on_one_short_line) {
  const scratch_directory scratch;
  const auto file = scratch.write("p.csv", "x1,y\n1\x01" + std::string(500, 'z') + ",1\n");
  const std::string text = complaint(scratch, [&] { (void)read_points(file); });
  BOOST_TEST(text.size() < 160U);
  BOOST_TEST(text.find("\"1\\x01zzz") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(hard_doubles_read_back_to_the_bit) {
  constexpr Eigen::Index count = std::size(reluflow::testing::hard_doubles);
  Eigen::MatrixXd inputs(2, count);
  Eigen::VectorXd labels(count);
  for (Eigen::Index k = 0; k < count; ++k) {
    const double value = reluflow::testing::hard_doubles[k];
    inputs.col(k) << (std::abs(value) > 1e300 ? 1.0 : value), 3.0;
    labels[k] = value;
  }
  const scratch_directory scratch;
  write_points(scratch.path() / "points.csv", {inputs, labels});
  const dataset back = read_points(scratch.path() / "points.csv");
  BOOST_TEST(same_bits(back.inputs(), inputs));
  BOOST_TEST(same_bits(back.labels(), labels));
}

RC_BOOST_PROP(any_data_read_back_to_the_bit, ()) {
  const auto d = *rc::gen::inRange<Eigen::Index>(1, 5);
  const auto n = *rc::gen::inRange<Eigen::Index>(1, 6);
  const Eigen::MatrixXd inputs = Eigen::MatrixXd::NullaryExpr(d, n, [&] {
    const double value = any_finite();
    // Norms must not overflow, and must not vanish.
    return std::abs(value) > 1e100 || value == 0.0 ? 1.5 : value;
  });
  const Eigen::VectorXd labels = Eigen::VectorXd::NullaryExpr(n, [] { return any_finite(); });
  const auto file = std::filesystem::current_path() / "any_data.csv";
  write_points(file, {inputs, labels});
  const dataset back = read_points(file);
  RC_ASSERT(same_bits(back.inputs(), inputs));
  RC_ASSERT(same_bits(back.labels(), labels));
}

BOOST_AUTO_TEST_CASE(numbers_are_written_with_the_fewest_digits) {
  const scratch_directory scratch;
  const auto file = scratch.path() / "points.csv";
  write_points(file, {Eigen::MatrixXd::Constant(1, 1, 0.1), Eigen::VectorXd::Constant(1, 2.0)});
  BOOST_TEST(contents(file) == "x1,y\n0.1,2\n");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(networks)

BOOST_AUTO_TEST_CASE(weights_are_read) {
  const scratch_directory scratch;
  const network net =
      read_network(scratch.write("n.csv", "a,w1,w2\n1,3,4\n-2,0,1\n0,0,0\n"), output_scaling::mean);
  BOOST_TEST(net.width() == 3);
  BOOST_TEST(net.dimension() == 2);
  BOOST_TEST(!net.is_balanced());
  BOOST_TEST(net.output_scale() == 1.0 / 3.0);
  BOOST_TEST(net.output_weights()[1] == -2.0);
  BOOST_TEST(net.directions()(0, 0) == 0.6);
  BOOST_TEST(net.log_norms()[0] == std::log(5.0));
}

BOOST_AUTO_TEST_CASE(balanced_neurons_of_any_size_are_read_and_normalised) {
  const scratch_directory scratch;
  const network net =
      read_network(scratch.write("n.csv", "sign,log_norm,w1,w2\n+1,-1e5,3,4\n-1.0,2,0,-1e-200\n"));
  BOOST_TEST(net.is_balanced());
  BOOST_TEST(net.output_scale() == 1.0);
  BOOST_TEST(net.log_norms()[0] == -1e5);
  BOOST_TEST(net.directions()(1, 0) == 0.8);
  BOOST_TEST(net.directions()(1, 1) == -1.0);
  BOOST_TEST(net.signs()[1] == -1.0);
}

BOOST_AUTO_TEST_CASE(the_final_header_is_balanced_when_a_and_w_agree) {
  const scratch_directory scratch;
  const std::string header = "sign,log_norm,a,w1,w2\n";
  const auto balanced = [&](const std::string& rows) {
    return read_network(scratch.write("n.csv", header + rows)).is_balanced();
  };
  BOOST_TEST(balanced("1,0,1,1,0\n"));
  BOOST_TEST(balanced("-1,-1e5,-0,0,1\n"));  // both underflow
  BOOST_TEST(balanced("1,-1e5,0,0,1\n"));
  BOOST_TEST(balanced("1,-740,4.4e-322,0,1\n"));  // denormal: hardly a digit is left
  BOOST_TEST(balanced("1,-229.91337455068813,1.4143837e-100,1,0\n") == false);
  BOOST_TEST(!balanced("1,0,1.0000001,1,0\n"));
  BOOST_TEST(!balanced("1,0,1,1,0\n1,0,2,1,0\n"));  // one unbalanced neuron is enough
  BOOST_TEST(!balanced("1,-1e5,1,0,1\n"));          // w underflows, a does not
  BOOST_TEST(!balanced("0,0,0,0,1\n"));             // a = 0 has no sign
  BOOST_TEST(!balanced("1,-inf,1,0,0\n"));          // w = 0
}

BOOST_AUTO_TEST_CASE(every_bad_file_is_named_with_its_line) {
  const std::string headers =
      "the header a,w1,...,wd or sign,log_norm,w1,...,wd or sign,log_norm,a,w1,...,wd";
  const auto header_message = [&](const std::string& found) {
    return "n.csv, line 1: found \"" + found + "\", expected " + headers;
  };
  const struct {
    std::string text;
    std::string message;
  } cases[] = {
      {"", "n.csv, line 1: found an empty file, expected " + headers},
      {"a\n1\n", header_message("a")},
      {"a,w0\n1,1\n", header_message("a,w0")},
      {"w1,a\n1,1\n", header_message("w1,a")},
      {"sign,log_norm\n1,1\n", header_message("sign,log_norm")},
      {"a,w1\n", "n.csv, line 2: found the end of the file, expected at least one neuron"},
      {"a,w1\n1,inf\n", "n.csv, line 2: found \"inf\" in column w1, expected a finite number"},
      {"a,w1\n1\n", "n.csv, line 2: found 1 field, expected 2 fields as in the header"},
      {"sign,log_norm,w1\n1,0,1\n2,0,1\n",
       "n.csv, line 3: found \"2\" in column sign, expected +1 or -1"},
      {"sign,log_norm,w1\n0,0,1\n", "n.csv, line 2: found \"0\" in column sign, expected +1 or -1"},
      {"sign,log_norm,w1\n+,0,1\n",
       "n.csv, line 2: found \"+\" in column sign, expected a finite number"},
      {"sign,log_norm,w1\nnan,0,1\n",
       "n.csv, line 2: found \"nan\" in column sign, expected +1 or -1"},
      {"sign,log_norm,w1\n1,-inf,1\n",
       "n.csv, line 2: found \"-inf\" in column log_norm, expected a finite number"},
      {"sign,log_norm,w1,w2\n1,0,0,0\n",
       "n.csv, line 2: found a direction that is zero, expected at least one of w1,...,wd that is "
       "not zero"},
      {"sign,log_norm,a,w1\n1,0,-1,1\n",
       "n.csv, line 2: found \"-1\" in column a, expected the sign that stands in column sign"},
      {"sign,log_norm,a,w1\n0,0,1,1\n",
       "n.csv, line 2: found \"0\" in column sign, expected +1 or -1"},
  };
  const scratch_directory scratch;
  for (const auto& bad : cases) {
    const auto file = scratch.write("n.csv", bad.text);
    BOOST_TEST(complaint(scratch, [&] { (void)read_network(file); }) == bad.message);
  }
}

RC_BOOST_PROP(balanced_networks_read_back_to_the_bit, ()) {
  const auto d = *rc::gen::inRange<Eigen::Index>(1, 40);
  const auto m = *rc::gen::inRange<Eigen::Index>(1, 5);
  const Eigen::VectorXd signs =
      Eigen::VectorXd::NullaryExpr(m, [] { return *rc::gen::arbitrary<bool>() ? 1.0 : -1.0; });
  const Eigen::VectorXd log_norms = Eigen::VectorXd::NullaryExpr(m, [] {
    return static_cast<double>(*rc::gen::inRange<std::int64_t>(-100'000'000, 700'000)) / 1000.0;
  });
  const Eigen::MatrixXd directions = Eigen::MatrixXd::NullaryExpr(d, m, [] {
    return 0.5 + static_cast<double>(*rc::gen::inRange<std::int64_t>(-1'000'000, 1'000'000));
  });
  const network net = network::balanced(signs, log_norms, directions);
  // What the file holds goes through the constructor again.
  const network expected = network::balanced(net.signs(), net.log_norms(), net.directions());
  const auto file = std::filesystem::current_path() / "any_balanced.csv";
  write_network(file, net);
  RC_ASSERT(same_bits(read_network(file), expected));
  write_final_network(file, net);
  RC_ASSERT(same_bits(read_network(file), expected));
}

BOOST_AUTO_TEST_CASE(the_weights_of_a_file_become_the_network_to_the_bit) {
  constexpr Eigen::Index count = std::size(reluflow::testing::hard_doubles);
  Eigen::VectorXd a(count);
  Eigen::MatrixXd w(2, count);
  std::string text = "a,w1,w2\n";
  for (Eigen::Index j = 0; j < count; ++j) {
    a[j] = reluflow::testing::hard_doubles[j];
    w.col(j) << a[j] / 2.0, 1.0 / 3.0;
    text += detail::number_text(a[j]) + "," + detail::number_text(w(0, j)) + "," +
            detail::number_text(w(1, j)) + "\n";
  }
  const scratch_directory scratch;
  BOOST_TEST(same_bits(read_network(scratch.write("n.csv", text)), network::cartesian(a, w)));
}

BOOST_AUTO_TEST_CASE(weights_are_written_and_read_back) {
  Eigen::MatrixXd w(2, 3);
  w << 1e-3, 0.0, 5.0, -2.0, 0.0, 7e-200;
  const network net = network::cartesian(Eigen::Vector3d(1.0, 0.0, -2.0), w);
  const scratch_directory scratch;
  for (const bool final_header : {false, true}) {
    const auto file = scratch.path() / "network.csv";
    final_header ? write_final_network(file, net) : write_network(file, net);
    const network back = read_network(file);
    BOOST_TEST(!back.is_balanced());
    BOOST_TEST(same_bits(back.output_weights(), net.output_weights()));
    BOOST_TEST((back.weights() - w).cwiseAbs().maxCoeff() < 1e-14);
    BOOST_TEST(back.log_norms()[1] == -std::numeric_limits<double>::infinity());
  }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(fields)

BOOST_AUTO_TEST_CASE(text_with_commas_and_quotes_survives) {
  const scratch_directory scratch;
  for (const std::string text : {"plain", "with, comma", "with \"quotes\"", "\"", "", " spaced ",
                                 "a,\"b\",c", ",", "n = 3, \"late\""}) {
    const auto file = scratch.write(
        "t.csv", "name,note\n" + detail::csv_field(text) + "," + detail::csv_field("x") + "\n");
    detail::csv_reader reader(file, "name,note");
    reader.require_header();
    BOOST_TEST(reader.next());
    BOOST_TEST(reader.text(0) == text);
    BOOST_TEST(reader.text(1) == "x");
  }
}

BOOST_AUTO_TEST_CASE(line_breaks_become_spaces) { BOOST_TEST(detail::csv_field("a\nb") == "a b"); }

BOOST_AUTO_TEST_SUITE_END()
