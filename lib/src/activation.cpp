#include "reluflow/activation.hpp"

#include <algorithm>
#include <bit>

namespace reluflow {

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
      upper_(static_cast<std::size_t>(neurons * words_)),
      surface_(upper_.size()) {}

pair_mode activation_pattern::operator()(index neuron, index sample) const noexcept {
  const auto at = static_cast<std::size_t>(neuron * words_ + sample / 64);
  const auto shift = static_cast<unsigned>(sample % 64);
  const bool upper = ((upper_[at] >> shift) & 1U) != 0;
  const bool surface = ((surface_[at] >> shift) & 1U) != 0;
  if (surface) return upper ? pair_mode::sliding : pair_mode::resting;
  return upper ? pair_mode::active : pair_mode::inactive;
}

void activation_pattern::set(index neuron, index sample, pair_mode mode) noexcept {
  const auto at = static_cast<std::size_t>(neuron * words_ + sample / 64);
  const std::uint64_t bit = std::uint64_t{1} << static_cast<unsigned>(sample % 64);
  const bool upper = mode == pair_mode::active || mode == pair_mode::sliding;
  const bool surface = mode == pair_mode::resting || mode == pair_mode::sliding;
  upper_[at] = upper ? upper_[at] | bit : upper_[at] & ~bit;
  surface_[at] = surface ? surface_[at] | bit : surface_[at] & ~bit;
}

activation_pattern activation_pattern::row(index neuron) const {
  activation_pattern result(1, samples_);
  std::copy_n(upper_.begin() + neuron * words_, words_, result.upper_.begin());
  std::copy_n(surface_.begin() + neuron * words_, words_, result.surface_.begin());
  return result;
}

void activation_pattern::set_row(index neuron, const activation_pattern& row) {
  std::copy_n(row.upper_.begin(), words_, upper_.begin() + neuron * words_);
  std::copy_n(row.surface_.begin(), words_, surface_.begin() + neuron * words_);
}

index activation_pattern::count(pair_mode mode) const noexcept {
  const bool upper = mode == pair_mode::active || mode == pair_mode::sliding;
  const bool surface = mode == pair_mode::resting || mode == pair_mode::sliding;
  index total = 0;
  for (std::size_t at = 0; at < upper_.size(); ++at) {
    const std::uint64_t word =
        (upper ? upper_[at] : ~upper_[at]) & (surface ? surface_[at] : ~surface_[at]);
    total += std::popcount(word);
  }
  // The padding bits of each row are zero in both planes and would count as inactive.
  if (!upper && !surface) total -= neurons_ * (words_ * 64 - samples_);
  return total;
}

std::size_t activation_pattern::row_hash(index neuron) const noexcept {
  // Multiply-xorshift over the words of both planes (the finaliser of SplitMix64).
  const auto mix = [](std::uint64_t x) {
    x = (x ^ (x >> 30U)) * 0xbf58476d1ce4e5b9U;
    x = (x ^ (x >> 27U)) * 0x94d049bb133111ebU;
    return x ^ (x >> 31U);
  };
  std::uint64_t hash = 0x9e3779b97f4a7c15U;
  const auto begin = static_cast<std::size_t>(neuron * words_);
  for (std::size_t at = begin; at < begin + static_cast<std::size_t>(words_); ++at) {
    hash = mix(hash + upper_[at]);
    hash = mix(hash + surface_[at]);
  }
  return static_cast<std::size_t>(hash);
}

bool activation_pattern::same_row(index neuron, index other) const noexcept {
  const auto same = [&](const std::vector<std::uint64_t>& plane) {
    const auto row = [&](index j) { return plane.begin() + j * words_; };
    return std::equal(row(neuron), row(neuron) + words_, row(other));
  };
  return same(upper_) && same(surface_);
}

}  // namespace reluflow
