#pragma once

#include <cereal/archives/portable_binary.hpp>

#include <bit>
#include <cstdint>
#include <istream>
#include <type_traits>

namespace reluflow::detail {

/// Reads what cereal's portable binary archive has written on a machine of this kind, and believes
/// no size: what says that it is longer than the rest of the stream ends in a cereal::Exception
/// before memory is taken for it.
class bounded_archive
    : public cereal::InputArchive<bounded_archive, cereal::AllowEmptyClassElision> {
 public:
  /// @param bytes  how many there are in `in` from here on
  bounded_archive(std::istream& in, std::uint64_t bytes)
      : cereal::InputArchive<bounded_archive, cereal::AllowEmptyClassElision>(this),
        in_(&in),
        left_(bytes) {
    std::uint8_t little_endian = 0;
    read(&little_endian, 1);
    if (little_endian != static_cast<std::uint8_t>(std::endian::native == std::endian::little)) {
      throw cereal::Exception("another order of bytes");
    }
  }

  [[nodiscard]] std::uint64_t left() const noexcept { return left_; }

  /// @throws cereal::Exception when fewer than count * size bytes are left
  void require(std::uint64_t count, std::uint64_t size) const {
    if (count > left_ / size) throw cereal::Exception("a size beyond the end");
  }

  void read(void* to, std::uint64_t count) {
    require(count, 1);
    const auto wanted = static_cast<std::streamsize>(count);
    if (in_->rdbuf()->sgetn(static_cast<char*>(to), wanted) != wanted) {
      throw cereal::Exception("the end of the stream");
    }
    left_ -= count;
  }

 private:
  std::istream* in_;
  std::uint64_t left_;
};

template <class Number>
requires std::is_arithmetic_v<Number>
void load(bounded_archive& archive, Number& value) {
  if constexpr (std::is_same_v<Number, bool>) {
    // A byte that is neither 0 nor 1 is no bool.
    std::uint8_t byte = 0;
    archive.read(&byte, 1);
    value = byte != 0;
  } else {
    archive.read(&value, sizeof value);
  }
}

template <class Value>
void load(bounded_archive& archive, cereal::NameValuePair<Value>& pair) {
  archive(pair.value);
}

template <class Value>
void load(bounded_archive& archive, cereal::SizeTag<Value>& tag) {
  archive(tag.size);
  archive.require(tag.size, 1);
}

template <class Value>
void load(bounded_archive& archive, cereal::BinaryData<Value>& data) {
  archive.read(data.data, data.size);
}

}  // namespace reluflow::detail

// Pairs of functions that save and load a minimal value are found through the archive that saves.
template <>
struct cereal::traits::detail::get_output_from_input<reluflow::detail::bounded_archive> {
  using type = cereal::PortableBinaryOutputArchive;
};
