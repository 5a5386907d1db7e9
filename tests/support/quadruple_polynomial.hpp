#pragma once

#include <boost/multiprecision/cpp_bin_float.hpp>

#include <cstddef>
#include <optional>
#include <vector>

namespace reluflow::test {

/// 113 bits. float128 was measured two to four times as fast, but it needs libquadmath and
/// extensions of the language, and none of the problems in tests/cases/switching takes longer than
/// two seconds.
using quad = boost::multiprecision::cpp_bin_float_quad;

/// Coefficients, the constant first.
using polynomial = std::vector<quad>;

/// p(t).
[[nodiscard]] quad value_at(const polynomial& p, const quad& t);

/// Coefficient `order` of the product p q.
[[nodiscard]] quad product_coefficient(const polynomial& p, const polynomial& q, std::size_t order);

/// First root in (0, end] at which p changes its sign. Intervals are halved until the Taylor
/// coefficients about the middle exclude a root or make p monotone, so that no root is missed;
/// roots without a change of sign are not roots here.
[[nodiscard]] std::optional<quad> first_root(const polynomial& p, const quad& end);

}  // namespace reluflow::test
