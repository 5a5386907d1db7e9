#include <boost/test/unit_test.hpp>
// After Boost.Test.
#include "io_support.hpp"
#include "reluflow/io/npz.hpp"

#include <rapidcheck/boost_test.h>

#include <cstdint>
#include <cstring>
#include <limits>

namespace {

using namespace reluflow;
using reluflow::testing::complaint;
using reluflow::testing::contents;
using reluflow::testing::scratch_directory;

/// A version 1.0 npy file with any dictionary.
std::string npy_bytes(std::string dictionary, const std::string& data) {
  dictionary += '\n';
  std::string bytes = "\x93NUMPY";
  bytes += {'\x01', '\x00', static_cast<char>(dictionary.size()), '\x00'};
  return bytes + dictionary + data;
}

const std::string one(8, '\0');

bool same_bytes(const std::vector<double>& a, const std::vector<double>& b) {
  if (a.size() != b.size() || a.empty()) {
    return a.size() == b.size();
  }
  return std::memcmp(a.data(), b.data(), a.size() * sizeof(double)) == 0;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(npy)

BOOST_AUTO_TEST_CASE(the_bytes_are_those_that_numpy_writes) {
  const std::string bytes = encode_npy({{2, 3}, {0, 1, 2, 3, 4, 5}});
  // numpy.save of a 2 x 3 array: 128 bytes of header, then 48 of data.
  const std::string dictionary = "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }";
  BOOST_TEST(bytes.size() == 128U + 48U);
  BOOST_TEST(bytes.substr(0, 6) == "\x93NUMPY");
  BOOST_TEST((bytes.substr(6, 4) == std::string{'\x01', '\x00', '\x76', '\x00'}));
  BOOST_TEST(bytes.substr(10, dictionary.size()) == dictionary);
  BOOST_TEST(bytes[127] == '\n');
  double last = 0.0;
  std::memcpy(&last, bytes.data() + 128 + 40, sizeof last);
  BOOST_TEST(last == 5.0);
  BOOST_TEST(encode_npy({{3}, {1, 2, 3}}).find("'shape': (3,), ") != std::string::npos);
  BOOST_TEST(encode_npy({{}, {1}}).find("'shape': (), ") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(values_that_do_not_fit_the_shape_are_refused) {
  BOOST_CHECK_THROW((void)encode_npy({{2, 2}, {1, 2, 3}}), invalid_input);
}

BOOST_AUTO_TEST_CASE(other_bytes_are_refused_with_a_reason) {
  const auto dictionary = [](const char* descr, const char* order, const char* shape) {
    return std::string("{'descr': ") + descr + ", 'fortran_order': " + order +
           ", 'shape': " + shape + ", }";
  };
  const std::string good = npy_bytes(dictionary("'<f8'", "False", "(1,)"), one);
  BOOST_TEST(decode_npy(good, "a").values.size() == 1U);
  const struct {
    std::string bytes;
    const char* found;
  } cases[] = {
      {"", "bytes that are no npy file"},
      {"\x93NUMPY\x01", "bytes that are no npy file"},
      {good.substr(0, 40), "bytes that are no npy file"},
      {npy_bytes(dictionary("'<f4'", "False", "(1,)"), one), "numbers of type \"'<f4'\""},
      {npy_bytes(dictionary("'>f8'", "False", "(1,)"), one), "numbers of type \"'>f8'\""},
      {npy_bytes(dictionary("'<f8'", "True", "(1,)"), one), "Fortran order"},
      {npy_bytes(dictionary("'<f8'", "False", "(2,)"), one), "8 bytes of data"},
      {npy_bytes(dictionary("'<f8'", "False", "(3,)"), ""), "0 bytes of data"},
      {npy_bytes(dictionary("'<f8'", "False", "(0,)"), one), "8 bytes of data"},
      {npy_bytes(dictionary("'<f8'", "False", "(1,)"), one + "x"), "9 bytes of data"},
      // 2^61 * 8 overflows to 0.
      {npy_bytes(dictionary("'<f8'", "False", "(2305843009213693952, 8)"), ""), "0 bytes of data"},
      {npy_bytes(dictionary("'<f8'", "False", "(-1,)"), one), "a malformed npy header"},
      {npy_bytes(dictionary("'<f8'", "False", "1"), one), "a malformed npy header"},
      {npy_bytes("{'descr': '<f8'}", one), "a malformed npy header"},
  };
  const scratch_directory scratch;
  for (const auto& bad : cases) {
    BOOST_TEST(complaint(scratch, [&] { (void)decode_npy(bad.bytes, "a"); }) ==
               std::string("a: found ") + bad.found +
                   ", expected an npy array of little-endian float64 in C order");
  }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(npz)

RC_BOOST_PROP(arrays_read_back_to_the_bit, ()) {
  npz_arrays arrays;
  for (const char* const name : {"t", "direction"}) {
    const auto shape =
        *rc::gen::container<std::vector<std::size_t>>(rc::gen::inRange<std::size_t>(0, 4));
    std::size_t count = 1;
    for (const std::size_t extent : shape) {
      count *= extent;
    }
    const auto values = *rc::gen::container<std::vector<double>>(
        count, rc::gen::map(rc::gen::arbitrary<std::uint64_t>(), [](std::uint64_t bits) {
          double value = 0.0;
          std::memcpy(&value, &bits, sizeof value);
          return value;
        }));
    arrays[name] = {shape, values};
  }
  const auto file = std::filesystem::current_path() / "any.npz";
  write_npz(file, arrays);
  const npz_arrays back = read_npz(file);
  RC_ASSERT(back.size() == arrays.size());
  for (const auto& [name, array] : arrays) {
    RC_ASSERT(back.at(name).shape == array.shape);
    RC_ASSERT(same_bytes(back.at(name).values, array.values));
  }
}

BOOST_AUTO_TEST_CASE(equal_arrays_make_equal_files) {
  const scratch_directory scratch;
  const npz_arrays arrays{{"t", {{2}, {0.0, 1.0}}}, {"a", {{1, 2}, {0.5, -0.0}}}};
  write_npz(scratch.path() / "1.npz", arrays);
  write_npz(scratch.path() / "2.npz", arrays);
  const std::string bytes = contents(scratch.path() / "1.npz");
  BOOST_TEST(bytes == contents(scratch.path() / "2.npz"));
  // Time and date in the first local header: midnight, 1980-01-01, whenever it was written.
  BOOST_TEST((bytes.substr(10, 4) == std::string{'\x00', '\x00', '\x21', '\x00'}));
}

BOOST_AUTO_TEST_CASE(other_files_are_refused) {
  const scratch_directory scratch;
  BOOST_TEST(complaint(scratch, [&] { (void)read_npz(scratch.path() / "no.npz"); }) ==
             "no.npz: found no such file, expected an npz archive");
  const auto text = scratch.write("text.npz", "hello");
  BOOST_TEST(complaint(scratch, [&] { (void)read_npz(text); }) ==
             "text.npz: found a file that is no zip archive, expected an npz archive");
}

BOOST_AUTO_TEST_CASE(a_damaged_archive_is_refused) {
  const scratch_directory scratch;
  const auto file = scratch.path() / "a.npz";
  write_npz(file, {{"t", {{3}, {1.0, 2.0, 3.0}}}});
  std::string bytes = contents(file);
  // A bit of the data: only the checksum can tell.
  bytes[bytes.find("\x93NUMPY") + 130] ^= 1;
  (void)scratch.write("a.npz", bytes);
  BOOST_TEST(complaint(scratch, [&] { (void)read_npz(file); }) ==
             "a.npz: found an entry \"t.npy\" that cannot be read, expected an npz archive");
}

BOOST_AUTO_TEST_SUITE_END()
