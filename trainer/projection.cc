// Features in a plane: the first two principal components, for people to look at.
#include "trainer/projection.h"

#include <Eigen/Core>
#include <Eigen/Eigenvalues>
#include <cmath>

namespace thimble::trainer {

std::vector<std::array<float, 2>> ProjectToPlane(std::span<const float> features, int feature_count) {
  if (feature_count < 1) return {};
  const auto all_columns = static_cast<Eigen::Index>(feature_count);
  const auto rows = static_cast<Eigen::Index>(features.size()) / all_columns;
  // The work grows with the cube of the columns, and neighbouring pixels or moments of sound tell much the same.
  constexpr Eigen::Index kMostColumns = 256;
  const Eigen::Index step = (all_columns + kMostColumns - 1) / kMostColumns;
  const Eigen::Index columns = (all_columns + step - 1) / step;
  std::vector<std::array<float, 2>> plane(static_cast<size_t>(rows), {0, 0});
  if (rows < 2) return plane;

  using RowMajor = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  using Spread = Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>;
  Eigen::MatrixXd standardised =
      Eigen::Map<const RowMajor, 0, Spread>(features.data(), rows, columns, Spread(all_columns, step)).cast<double>();
  for (Eigen::Index j = 0; j < columns; ++j) {
    auto column = standardised.col(j);
    const auto finite = column.array().isFinite();
    const Eigen::Index count = finite.count();
    const double mean = count > 0 ? finite.select(column.array(), 0.0).sum() / static_cast<double>(count) : 0.0;
    column = finite.select(column.array() - mean, 0.0).matrix().eval();
    const double deviation = std::sqrt(column.squaredNorm() / static_cast<double>(rows));
    // Below this a feature is constant but for rounding, and dividing would blow the rounding up.
    if (deviation > 1e-6 * (1.0 + std::abs(mean))) {
      column /= deviation;
    } else {
      column.setZero();
    }
  }

  const Eigen::MatrixXd correlation = standardised.transpose() * standardised / static_cast<double>(rows);
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(correlation);
  if (solver.info() != Eigen::Success) return plane;
  for (Eigen::Index component = 0; component < std::min<Eigen::Index>(2, columns); ++component) {
    const Eigen::Index last = columns - 1 - component;  // eigenvalues come in increasing order
    if (solver.eigenvalues()[last] < 1e-9) continue;    // no spread in this direction: every sign would be noise
    Eigen::VectorXd axis = solver.eigenvectors().col(last);
    Eigen::Index largest = 0;
    // Weights that are equal but for rounding must not decide the sign by it: the first of them does.
    const double strongest = axis.cwiseAbs().maxCoeff();
    while (std::abs(axis[largest]) < strongest * (1 - 1e-6)) ++largest;
    if (axis[largest] < 0) axis = -axis;
    const Eigen::VectorXd score = standardised * axis;
    for (Eigen::Index i = 0; i < rows; ++i) {
      plane[static_cast<size_t>(i)][static_cast<size_t>(component)] = static_cast<float>(score[i]);
    }
  }
  return plane;
}

}  // namespace thimble::trainer
