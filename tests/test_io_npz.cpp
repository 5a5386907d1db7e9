#include <boost/test/unit_test.hpp>
// After Boost.Test.
#include "io_support.hpp"
#include "reluflow/io/npz.hpp"
#include "reluflow/memory.hpp"

#include <rapidcheck/boost_test.h>

#include <algorithm>
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

/// A limit on memory for as long as this lives.
class memory_limit_of {
 public:
  explicit memory_limit_of(std::uint64_t bytes) : before_(memory_limit()) {
    set_memory_limit(bytes);
  }
  ~memory_limit_of() { set_memory_limit(before_); }
  memory_limit_of(const memory_limit_of&) = delete;
  memory_limit_of& operator=(const memory_limit_of&) = delete;

 private:
  std::uint64_t before_;
};

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
      {npy_bytes(dictionary("'<f8'", "False", "(1000000000000,)"), one), "8 bytes of data"},
      {npy_bytes(dictionary("'<f8'", "False", "(99999999999999999999,)"), one),
       "a malformed npy header"},
      {npy_bytes(dictionary("'<i8'", "False", "(1,)"), one), "numbers of type \"'<i8'\""},
      {npy_bytes(dictionary("[('x', '<f8')]", "False", "(1,)"), one), "numbers of type \"[('x'\""},
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

BOOST_AUTO_TEST_CASE(archives_of_numpy_are_read) {
  const std::filesystem::path cases = std::filesystem::path(RELUFLOW_TEST_DATA) / "npz";
  // Zip64, as numpy writes whatever the size.
  const npz_arrays plain = read_npz(cases / "numpy.npz");
  BOOST_REQUIRE(plain.size() == 2U);
  BOOST_TEST((plain.at("a").shape == std::vector<std::size_t>{2, 3}));
  const double infinity = std::numeric_limits<double>::infinity();
  BOOST_TEST(same_bytes(plain.at("a").values, {0.5, -1.0, 2.0, 1e-300, infinity, -0.0}));
  BOOST_TEST(same_bytes(plain.at("t").values, {1.0, 2.0}));
  const npz_arrays compressed = read_npz(cases / "numpy_compressed.npz");
  BOOST_TEST((compressed.at("zeros").shape == std::vector<std::size_t>{100, 1000}));
  BOOST_TEST(same_bytes(compressed.at("zeros").values, std::vector<double>(100000, 0.0)));
}

BOOST_AUTO_TEST_CASE(arrays_beyond_the_memory_are_refused_before_they_are_read) {
  const std::filesystem::path cases = std::filesystem::path(RELUFLOW_TEST_DATA) / "npz";
  const scratch_directory scratch;
  // A kilobyte on the disk.
  const auto small = scratch.write("small.npz", contents(cases / "numpy_compressed.npz"));
  const memory_limit_of limit(1000000);
  BOOST_TEST(complaint(scratch, [&] { (void)read_npz(small); }) ==
             "small.npz: found 800128 bytes in entry \"zeros.npy\", which need 1.6 MB of memory, "
             "expected at most 1 MB (--memory)");
  // The arrays count together.
  const npy_array third{{25000}, std::vector<double>(25000)};
  write_npz(scratch.path() / "three.npz", {{"a", third}, {"b", third}, {"c", third}});
  write_npz(scratch.path() / "four.npz", {{"a", third}, {"b", third}, {"c", third}, {"d", third}});
  BOOST_TEST(read_npz(scratch.path() / "three.npz").size() == 3U);
  BOOST_TEST(
      complaint(scratch, [&] { (void)read_npz(scratch.path() / "four.npz"); }) ==
      "four.npz: found 200128 bytes in entry \"d.npy\", which need 1 MB of memory, expected at "
      "most 1 MB (--memory)");
}

BOOST_AUTO_TEST_CASE(a_directory_that_lies_about_a_size_is_not_believed) {
  const std::filesystem::path cases = std::filesystem::path(RELUFLOW_TEST_DATA) / "npz";
  const scratch_directory scratch;
  const std::string bytes = contents(cases / "numpy_compressed.npz");
  // Where the central directory keeps the size of the unpacked entry.
  const std::size_t at = bytes.rfind("PK\x01\x02") + 24;
  const auto with_size = [&](std::uint32_t size) {
    std::string changed = bytes;
    std::memcpy(changed.data() + at, &size, sizeof size);
    return scratch.write("lie.npz", changed);
  };
  const std::string unreadable =
      "lie.npz: found an entry \"zeros.npy\" that cannot be read, expected an npz archive";
  for (const std::uint32_t size : {0U, 100U, 800127U, 800129U, 200000000U}) {
    BOOST_TEST(complaint(scratch, [&] { (void)read_npz(with_size(size)); }) == unreadable, size);
  }
  const memory_limit_of limit(1000000000);
  BOOST_TEST(complaint(scratch, [&] { (void)read_npz(with_size(4000000000U)); }) ==
             "lie.npz: found 4000000000 bytes in entry \"zeros.npy\", which need 8 GB of memory, "
             "expected at most 1 GB (--memory)");
}

BOOST_AUTO_TEST_CASE(a_truncated_or_changed_archive_is_refused_or_reads_the_same) {
  const scratch_directory scratch;
  const std::filesystem::path cases = std::filesystem::path(RELUFLOW_TEST_DATA) / "npz";
  const std::string bytes = contents(cases / "numpy.npz");
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    const auto file = scratch.write("short.npz", bytes.substr(0, length));
    BOOST_CHECK_THROW((void)read_npz(file), invalid_input);
  }
  const npz_arrays whole = read_npz(cases / "numpy.npz");
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    std::string changed = bytes;
    changed[at] = static_cast<char>(~changed[at]);
    const auto file = scratch.write("changed.npz", changed);
    try {
      for (const auto& [name, array] : read_npz(file)) {
        // The name is the one part that no checksum covers.
        const bool same = std::any_of(whole.begin(), whole.end(), [&](const auto& one) {
          return one.second.shape == array.shape && same_bytes(one.second.values, array.values);
        });
        BOOST_TEST(same, name << ", byte " << at);
      }
    } catch (const invalid_input&) {
    }
  }
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
