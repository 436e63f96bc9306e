// Eigen's view of the trainer's numbers: rows of a table are columns of a matrix, so that each is contiguous.
#ifndef THIMBLE_TRAINER_INTERNAL_BATCH_H_
#define THIMBLE_TRAINER_INTERNAL_BATCH_H_

#include <Eigen/Core>

#include "trainer/network.h"

namespace thimble::trainer {

using Batch = Eigen::MatrixXf;  ///< [values, rows]

using RowMajor = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

inline Eigen::Map<const RowMajor> WeightMap(const DenseLayer& layer) {
  return {layer.weights.data(), layer.output_count, layer.input_count};
}

inline Eigen::Map<const Eigen::VectorXf> BiasMap(const DenseLayer& layer) {
  return {layer.bias.data(), layer.output_count};
}

/// Each column becomes exp(x) / sum(exp(x)), with the largest value taken off first so that exp cannot overflow.
inline void Softmax(Batch& values) {
  values.rowwise() -= values.colwise().maxCoeff().eval();
  values = values.array().exp();
  values.array().rowwise() /= values.colwise().sum().array().eval();
}

}  // namespace thimble::trainer

#endif  // THIMBLE_TRAINER_INTERNAL_BATCH_H_
