#pragma once

#include "reluflow/dataset.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace cereal {
class access;
}

namespace reluflow {

/// Where one neuron stands with respect to one sample. z = <w_j, x_k>.
enum class pair_mode : std::uint8_t {
  inactive,  ///< z < 0, or z = 0 and leaving downward; relu'(z) = 0
  active,    ///< z > 0; relu'(z) = 1
  resting,   ///< z = 0 for good and relu'(0) = 0: the normal velocity vanishes; written "inactive"
  sliding,   ///< z = 0 held by two opposing fields; relu'(0) = eta in (0, 1)
};

/// "inactive", "active" or "sliding", as in switches.csv.
[[nodiscard]] std::string_view to_string(pair_mode mode) noexcept;

/// The mode of every (neuron, sample) pair, as bits in planes of 64-bit words, neuron by neuron.
/// The planes are public because kernels read them a word at a time.
class activation_pattern {
 public:
  activation_pattern() = default;
  /// All pairs inactive.
  activation_pattern(index neurons, index samples);

  /// Number of neurons.
  [[nodiscard]] index neurons() const noexcept { return neurons_; }
  /// Number of samples.
  [[nodiscard]] index samples() const noexcept { return samples_; }
  /// Words in one row (one neuron) of a plane: ceil(samples / 64).
  [[nodiscard]] index words() const noexcept { return words_; }

  /// The mode of a pair.
  [[nodiscard]] pair_mode operator()(index neuron, index sample) const noexcept;
  /// Changes the mode of a pair.
  void set(index neuron, index sample, pair_mode mode) noexcept;

  /// Bits of the samples on which the neuron is active (not sliding); `words()` words.
  [[nodiscard]] std::uint64_t active_word(index neuron, index word) const noexcept {
    return active_[static_cast<std::size_t>(neuron * words_ + word)];
  }
  /// Bits of the samples on whose surface the neuron is held (sliding or resting).
  [[nodiscard]] std::uint64_t surface_word(index neuron, index word) const noexcept {
    const auto at = static_cast<std::size_t>(neuron * words_ + word);
    return resting_[at] | sliding_[at];
  }
  /// The plane of active pairs: neurons x words().
  [[nodiscard]] const std::uint64_t* active_by_neuron() const noexcept { return active_.data(); }
  /// The same, sample by sample: samples x ceil(neurons / 64). Made on demand and kept until the
  /// next change; the first call after one must not come from two threads at once.
  [[nodiscard]] const std::uint64_t* active_by_sample() const;
  /// One neuron's row as a pattern of its own (1 x samples), and back.
  [[nodiscard]] activation_pattern row(index neuron) const;
  /// Replaces the modes of a neuron by those of another one in a pattern of as many samples.
  void set_row(index neuron, const activation_pattern& from, index other = 0);

  /// Number of pairs in `mode`.
  [[nodiscard]] index count(pair_mode mode) const noexcept;
  /// Hash of one neuron's row: neurons of one cell hash alike.
  [[nodiscard]] std::size_t row_hash(index neuron) const noexcept;
  /// True when a neuron has the same modes as another one in a pattern of as many samples.
  [[nodiscard]] bool same_row(index neuron, const activation_pattern& from,
                              index other) const noexcept;
  /// True when two neurons have the same modes.
  [[nodiscard]] bool same_row(index neuron, index other) const noexcept {
    return same_row(neuron, *this, other);
  }

  /// False only for what was read from a damaged checkpoint: planes of another size, bits beyond
  /// the last sample, pairs in two modes.
  [[nodiscard]] bool is_sound() const noexcept;

  /// True when all modes agree.
  friend bool operator==(const activation_pattern& a, const activation_pattern& b) noexcept;

 private:
  friend class cereal::access;
  /// All members but what is made on demand, for exact copies in checkpoints.
  template <class Archive>
  void serialize(Archive& archive) {
    if constexpr (Archive::is_loading::value) transposed_.clear();
    archive(neurons_, samples_, words_, active_, resting_, sliding_);
  }

  index neurons_ = 0;
  index samples_ = 0;
  index words_ = 0;
  std::vector<std::uint64_t> active_;
  std::vector<std::uint64_t> resting_;
  std::vector<std::uint64_t> sliding_;
  mutable std::vector<std::uint64_t> transposed_;  // active_ by sample; empty when out of date
};

}  // namespace reluflow
