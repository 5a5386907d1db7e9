#include "reluflow/activation.hpp"

#include <algorithm>
#include <array>
#include <bit>

namespace reluflow {
namespace {

/// 64 x 64 bits, a row a word.
using bit_square = std::array<std::uint64_t, 64>;

/// Transposes by swapping off-diagonal blocks of 32, 16, ..., 1 bits (Hacker's Delight, 7-3).
void transpose(bit_square& square) {
  std::uint64_t mask = 0x00000000ffffffffU;
  for (std::size_t half = 32; half != 0; half >>= 1U, mask ^= mask << half) {
    for (std::size_t i = 0; i < 64; i = ((i | half) + 1) & ~half) {
      const std::uint64_t swap = ((square[i] >> half) ^ square[i | half]) & mask;
      square[i] ^= swap << half;
      square[i | half] ^= swap;
    }
  }
}

}  // namespace

std::string_view to_string(pair_mode mode) noexcept {
  switch (mode) {
    case pair_mode::active:
      return "active";
    case pair_mode::sliding:
      return "sliding";
    case pair_mode::inactive:
    case pair_mode::resting:
      break;
  }
  return "inactive";
}

activation_pattern::activation_pattern(index neurons, index samples)
    : neurons_(neurons),
      samples_(samples),
      words_((samples + 63) / 64),
      active_(static_cast<std::size_t>(neurons * words_)),
      resting_(active_.size()),
      sliding_(active_.size()) {}

pair_mode activation_pattern::operator()(index neuron, index sample) const noexcept {
  const auto at = static_cast<std::size_t>(neuron * words_ + sample / 64);
  const std::uint64_t bit = std::uint64_t{1} << static_cast<unsigned>(sample % 64);
  if ((active_[at] & bit) != 0) return pair_mode::active;
  if ((sliding_[at] & bit) != 0) return pair_mode::sliding;
  return (resting_[at] & bit) != 0 ? pair_mode::resting : pair_mode::inactive;
}

void activation_pattern::set(index neuron, index sample, pair_mode mode) noexcept {
  const auto at = static_cast<std::size_t>(neuron * words_ + sample / 64);
  const std::uint64_t bit = std::uint64_t{1} << static_cast<unsigned>(sample % 64);
  const auto put = [&](std::vector<std::uint64_t>& plane, pair_mode own) {
    plane[at] = mode == own ? plane[at] | bit : plane[at] & ~bit;
  };
  put(active_, pair_mode::active);
  put(resting_, pair_mode::resting);
  put(sliding_, pair_mode::sliding);
  transposed_.clear();
}

activation_pattern activation_pattern::row(index neuron) const {
  activation_pattern result(1, samples_);
  std::copy_n(active_.begin() + neuron * words_, words_, result.active_.begin());
  std::copy_n(resting_.begin() + neuron * words_, words_, result.resting_.begin());
  std::copy_n(sliding_.begin() + neuron * words_, words_, result.sliding_.begin());
  return result;
}

void activation_pattern::set_row(index neuron, const activation_pattern& from, index other) {
  const auto copy = [&](const std::vector<std::uint64_t>& source,
                        std::vector<std::uint64_t>& plane) {
    std::copy_n(source.begin() + other * words_, words_, plane.begin() + neuron * words_);
  };
  copy(from.active_, active_);
  copy(from.resting_, resting_);
  copy(from.sliding_, sliding_);
  transposed_.clear();
}

const std::uint64_t* activation_pattern::active_by_sample() const {
  if (transposed_.empty()) {
    const index blocks = (neurons_ + 63) / 64;
    transposed_.assign(static_cast<std::size_t>(samples_ * blocks), 0);
    for (index block = 0; block < blocks; ++block) {
      for (index word = 0; word < words_; ++word) {
        bit_square square{};
        for (index j = 64 * block; j < std::min(neurons_, 64 * (block + 1)); ++j) {
          square[static_cast<std::size_t>(j % 64)] = active_word(j, word);
        }
        transpose(square);
        for (index k = 64 * word; k < std::min(samples_, 64 * (word + 1)); ++k) {
          transposed_[static_cast<std::size_t>(k * blocks + block)] =
              square[static_cast<std::size_t>(k % 64)];
        }
      }
    }
  }
  return transposed_.data();
}

index activation_pattern::count(pair_mode mode) const noexcept {
  const auto bits = [](const std::vector<std::uint64_t>& plane) {
    index total = 0;
    for (const std::uint64_t word : plane) total += std::popcount(word);
    return total;
  };
  switch (mode) {
    case pair_mode::active:
      return bits(active_);
    case pair_mode::resting:
      return bits(resting_);
    case pair_mode::sliding:
      return bits(sliding_);
    case pair_mode::inactive:
      break;
  }
  return neurons_ * samples_ - bits(active_) - bits(resting_) - bits(sliding_);
}

std::size_t activation_pattern::row_hash(index neuron) const noexcept {
  // Multiply-xorshift over the words of all planes (the finaliser of SplitMix64).
  const auto mix = [](std::uint64_t x) {
    x = (x ^ (x >> 30U)) * 0xbf58476d1ce4e5b9U;
    x = (x ^ (x >> 27U)) * 0x94d049bb133111ebU;
    return x ^ (x >> 31U);
  };
  std::uint64_t hash = 0x9e3779b97f4a7c15U;
  const auto begin = static_cast<std::size_t>(neuron * words_);
  for (std::size_t at = begin; at < begin + static_cast<std::size_t>(words_); ++at) {
    hash = mix(hash + active_[at]);
    hash = mix(hash + resting_[at]);
    hash = mix(hash + sliding_[at]);
  }
  return static_cast<std::size_t>(hash);
}

bool activation_pattern::same_row(index neuron, const activation_pattern& from,
                                  index other) const noexcept {
  const auto same = [&](const std::vector<std::uint64_t>& plane,
                        const std::vector<std::uint64_t>& theirs) {
    const auto own = plane.begin() + neuron * words_;
    return std::equal(own, own + words_, theirs.begin() + other * words_);
  };
  return same(active_, from.active_) && same(resting_, from.resting_) &&
         same(sliding_, from.sliding_);
}

bool activation_pattern::is_sound() const noexcept {
  if (neurons_ < 0 || samples_ < 0 || words_ != (samples_ + 63) / 64) return false;
  const auto words = static_cast<std::size_t>(words_);
  // Compared by division: the product of two numbers from a file may overflow.
  const auto fits = [&](const std::vector<std::uint64_t>& plane) {
    return words == 0 ? plane.empty()
                      : plane.size() % words == 0 &&
                            plane.size() / words == static_cast<std::size_t>(neurons_);
  };
  if (!fits(active_) || !fits(resting_) || !fits(sliding_)) return false;
  const auto used = static_cast<unsigned>(samples_ % 64);
  const std::uint64_t beyond = used == 0 ? 0 : ~std::uint64_t{0} << used;
  for (std::size_t i = 0; i < active_.size(); ++i) {
    const bool twice = ((active_[i] & resting_[i]) | (active_[i] & sliding_[i]) |
                        (resting_[i] & sliding_[i])) != 0;
    const bool last = (i + 1) % words == 0;
    if (twice || (last && ((active_[i] | resting_[i] | sliding_[i]) & beyond) != 0)) return false;
  }
  return true;
}

bool operator==(const activation_pattern& a, const activation_pattern& b) noexcept {
  return a.neurons_ == b.neurons_ && a.samples_ == b.samples_ && a.active_ == b.active_ &&
         a.resting_ == b.resting_ && a.sliding_ == b.sliding_;
}

}  // namespace reluflow
