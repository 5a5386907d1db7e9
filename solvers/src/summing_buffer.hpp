#pragma once

#include <boost/crc.hpp>

#include <cstdint>
#include <cstring>
#include <streambuf>
#include <string>

namespace reluflow::detail {

/// The 64-bit cyclic redundancy check of ECMA-182, as xz has it.
using check_sum =
    boost::crc_optimal<64, 0x42F0E1EBA9EA3693, 0xFFFFFFFFFFFFFFFF, 0xFFFFFFFFFFFFFFFF, true, true>;

inline constexpr std::size_t sum_bytes = sizeof(std::uint64_t);

[[nodiscard]] inline std::string bytes_of(std::uint64_t sum) {
  std::string bytes(sum_bytes, '\0');
  std::memcpy(bytes.data(), &sum, sum_bytes);
  return bytes;
}

/// Passes bytes on to another buffer, or nowhere when that is null, and sums them up.
class summing_buffer : public std::streambuf {
 public:
  explicit summing_buffer(std::streambuf* sink) : sink_(sink) {}
  [[nodiscard]] std::uint64_t sum() const { return sum_.checksum(); }

 protected:
  int_type overflow(int_type c) override {
    if (traits_type::eq_int_type(c, traits_type::eof())) return traits_type::not_eof(c);
    const char byte = traits_type::to_char_type(c);
    return xsputn(&byte, 1) == 1 ? c : traits_type::eof();
  }

  std::streamsize xsputn(const char* bytes, std::streamsize count) override {
    sum_.process_bytes(bytes, static_cast<std::size_t>(count));
    return sink_ == nullptr ? count : sink_->sputn(bytes, count);
  }

 private:
  std::streambuf* sink_;
  check_sum sum_;
};

}  // namespace reluflow::detail
