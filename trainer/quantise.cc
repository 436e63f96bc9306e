#include "trainer/quantise.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>
#include <utility>

#include "trainer/internal/batch.h"

namespace thimble::trainer {
namespace {

constexpr float kLowest = -128;
constexpr float kHighest = 127;
constexpr float kWeightLimit = 127;  // -128 is left out, as the TFLite specification asks of symmetric weights

struct Range {
  float low, high;
};

// The grid over a range, which is widened to hold 0: TFLite's kernels want real 0 to be a grid point.
Quantisation GridOver(Range range) {
  const float low = std::min(range.low, 0.0f);
  const float high = std::max(range.high, 0.0f);
  if (high - low < std::numeric_limits<float>::min() * 255) return {};
  const float scale = (high - low) / 255;
  return {scale, static_cast<int32_t>(std::clamp(std::round(kLowest - low / scale), kLowest, kHighest))};
}

// Grid steps, as whole numbers in float.
Batch ToGrid(const Batch& values, const Quantisation& grid) {
  return ((values.array() / grid.scale).round() + static_cast<float>(grid.zero_point)).max(kLowest).min(kHighest);
}

Batch FromGrid(const Batch& steps, const Quantisation& grid) {
  return (steps.array() - static_cast<float>(grid.zero_point)) * grid.scale;
}

Eigen::Map<const Batch> Columns(std::span<const float> values, int width) {
  return {values.data(), width, static_cast<Eigen::Index>(values.size()) / width};
}

// W (x - zero point) + b in the layer's integer units. Exact while 255 × 127 × inputs stays below 2^24, so for 518
// inputs; beyond that off by less than one part in ten million.
Batch Accumulate(const QuantisedDenseLayer& layer, const Batch& steps, int32_t zero_point) {
  using RowMajorInt8 = Eigen::Matrix<int8_t, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const RowMajor weights =
      Eigen::Map<const RowMajorInt8>(layer.weights.data(), layer.output_count, layer.input_count).cast<float>();
  Batch sums = weights * (steps.array() - static_cast<float>(zero_point)).matrix();
  sums.colwise() += Eigen::Map<const Eigen::VectorXi>(layer.bias.data(), layer.output_count).cast<float>();
  return sums;
}

// The real number that one unit of each output's sum stands for.
Eigen::VectorXf UnitsOf(const QuantisedDenseLayer& layer, const Quantisation& input) {
  return input.scale * Eigen::Map<const Eigen::VectorXf>(layer.weight_scales.data(), layer.output_count);
}

void SetBias(const Eigen::VectorXf& bias, const Quantisation& input, QuantisedDenseLayer& layer) {
  constexpr double kLimit = 1 << 30;  // leaves as much again for the products
  for (size_t o = 0; o < layer.bias.size(); ++o) {
    const double unit = static_cast<double>(input.scale) * static_cast<double>(layer.weight_scales[o]);
    const double units = std::round(static_cast<double>(bias[static_cast<Eigen::Index>(o)]) / unit);
    layer.bias[o] = static_cast<int32_t>(std::clamp(units, -kLimit, kLimit));
  }
}

QuantisedDenseLayer QuantiseWeights(const DenseLayer& layer, const Quantisation& input) {
  QuantisedDenseLayer quantised{.input_count = layer.input_count,
                                .output_count = layer.output_count,
                                .relu = layer.relu,
                                .weights = std::vector<int8_t>(layer.weights.size()),
                                .weight_scales = std::vector<float>(layer.bias.size()),
                                .bias = std::vector<int32_t>(layer.bias.size()),
                                .output = {}};
  const auto weights = WeightMap(layer);
  for (Eigen::Index o = 0; o < weights.rows(); ++o) {
    // A unit whose weights are all (nearly) 0 is only its bias, which must still fit 32 bits. Elsewhere 1e-30 is far
    // below any real scale.
    const float smallest = std::max(std::abs(layer.bias[static_cast<size_t>(o)]) / input.scale * 0x1p-29f, 1e-30f);
    const float scale = std::max(weights.row(o).cwiseAbs().maxCoeff() / kWeightLimit, smallest);
    quantised.weight_scales[static_cast<size_t>(o)] = scale;
    for (Eigen::Index i = 0; i < weights.cols(); ++i) {
      quantised.weights[static_cast<size_t>(o * weights.cols() + i)] =
          static_cast<int8_t>(std::clamp(std::round(weights(o, i) / scale), -kWeightLimit, kWeightLimit));
    }
  }
  SetBias(BiasMap(layer), input, quantised);
  return quantised;
}

// One over each row's size. Errors are weighed by it, because a row of huge values is far from any decision and must
// not decide how coarse the steps of all the others are.
Eigen::RowVectorXf RowWeights(const Batch& exact) {
  const Eigen::RowVectorXf sizes = exact.colwise().norm();
  const float mean = sizes.mean();
  if (!(mean > 0)) return Eigen::RowVectorXf::Ones(sizes.size());
  return (sizes.array() / mean + 0.001f).inverse();
}

float MeanError(const Batch& errors, const Eigen::RowVectorXf& row_weights) {
  return errors.colwise().norm().cwiseProduct(row_weights).mean();
}

// The range whose grid leaves the smallest error in these values: cutting rare peaks off buys finer steps for all the
// others. `error_of` compares rounded values with these.
template <typename ErrorOf>
Range LeastErrorRange(const Batch& values, float tolerance, float least_span, const ErrorOf& error_of) {
  const Range whole{values.minCoeff(), values.maxCoeff()};
  std::vector<std::pair<float, Range>> tried;
  for (float keep = 1; keep > 0.005f; keep *= 0.9f) {
    const Range range{whole.low * keep, whole.high * keep};
    if (!tried.empty() && range.high - range.low < least_span) break;
    const Quantisation grid = GridOver(range);
    tried.emplace_back(error_of(FromGrid(ToGrid(values, grid), grid)), range);
  }
  float least = tried.front().first;
  for (const auto& [error, range] : tried) least = std::min(least, error);
  Range best = whole;
  for (const auto& [error, range] : tried) {
    if (error <= least + tolerance) best = range;
  }
  return best;
}

Range HiddenRange(const Batch& values) {
  const Eigen::RowVectorXf weights = RowWeights(values);
  return LeastErrorRange(values, 0, 0, [&](const Batch& rounded) { return MeanError(rounded - values, weights); });
}

Range LogitRange(const Batch& values) {
  Batch scores = values;
  Softmax(scores);
  return LeastErrorRange(values, 0.0001f, 32, [&](const Batch& rounded) {
    Batch rounded_scores = rounded;
    Softmax(rounded_scores);
    return (rounded_scores - scores).cwiseAbs().colwise().sum().mean();
  });
}

// All layers for one choice of the input's grid.
QuantisedNetwork QuantiseWithInput(const Network& network, const Batch& features, const Quantisation& input,
                                   const QuantiseOptions& options) {
  QuantisedNetwork quantised;
  quantised.input = input;
  quantised.softmax = network.softmax;
  Quantisation grid = input;
  Batch steps = ToGrid(features, input);
  // Not the features themselves: an outlier that the grid cuts off would else pull every other row's bias with it.
  Batch exact = FromGrid(steps, input);
  for (const DenseLayer& layer : network.layers) {
    QuantisedDenseLayer next = QuantiseWeights(layer, grid);
    Batch sums = WeightMap(layer) * exact;
    sums.colwise() += BiasMap(layer);
    const Eigen::VectorXf units = UnitsOf(next, grid);
    Batch approximate = units.asDiagonal() * Accumulate(next, steps, grid.zero_point);
    if (options.correct_bias) {
      const Eigen::RowVectorXf weights = RowWeights(sums);
      const Eigen::VectorXf lost = ((sums - approximate) * weights.transpose()) / weights.sum();
      SetBias(BiasMap(layer) + lost, grid, next);
      approximate.colwise() += lost;
    }
    if (layer.relu) {
      sums = sums.cwiseMax(0.0f);
      approximate = approximate.cwiseMax(0.0f);
    }
    next.output = GridOver(network.softmax && &layer == &network.layers.back() ? LogitRange(approximate)
                                                                               : HiddenRange(approximate));
    steps = ToGrid(approximate, next.output);
    grid = next.output;
    exact.swap(sums);
    quantised.layers.push_back(std::move(next));
  }
  quantised.output = network.softmax ? Quantisation{1.0f / 256, -128} : grid;
  return quantised;
}

// At most `count` rows, evenly spread: ranges of a thousand windows tell what those of ten thousand do.
Batch Thin(const Eigen::Map<const Batch>& features, Eigen::Index count) {
  const Eigen::Index rows = std::min(count, features.cols());
  Batch thinned(features.rows(), rows);
  for (Eigen::Index row = 0; row < rows; ++row) thinned.col(row) = features.col(row * features.cols() / rows);
  return thinned;
}

// The input's grid that disturbs the first layer's sums least.
Quantisation InputGrid(const DenseLayer& first, const Batch& features, const Table& calibration,
                       const QuantiseOptions& options) {
  std::vector<float> sorted(calibration.features);
  std::sort(sorted.begin(), sorted.end());
  const auto weights = WeightMap(first);
  const Eigen::RowVectorXf row_weights = RowWeights((weights * features).colwise() + BiasMap(first));
  Quantisation best;
  float least = std::numeric_limits<float>::infinity();
  for (const float tail : options.input_tails) {
    const auto outside = static_cast<size_t>(tail * static_cast<float>(sorted.size()));
    const Quantisation grid = GridOver({sorted[outside], sorted[sorted.size() - 1 - outside]});
    const float error = MeanError(weights * (FromGrid(ToGrid(features, grid), grid) - features), row_weights);
    if (error < least) {
      least = error;
      best = grid;
    }
  }
  return best;
}

}  // namespace

Expected<QuantisedNetwork> Quantise(const Network& network, const Table& calibration, const QuantiseOptions& options) {
  THIMBLE_EXPECT(Check(calibration));
  if (calibration.feature_count != network.input_count()) {
    return {Status::kInvalidArgument, "the network takes " + std::to_string(network.input_count()) +
                                          " features, the calibration rows have " +
                                          std::to_string(calibration.feature_count)};
  }
  constexpr Eigen::Index kRows = 1024;
  const Batch features = Thin(Columns(calibration.features, calibration.feature_count), kRows);
  const Quantisation input = InputGrid(network.layers.front(), features, calibration, options);
  QuantisedNetwork quantised = QuantiseWithInput(network, features, input, options);
  for (const QuantisedDenseLayer& layer : quantised.layers) {
    if (!std::isfinite(layer.output.scale)) {
      return {Status::kFailed, "the values inside the network are too large for float32; train it again"};
    }
  }
  return quantised;
}

std::vector<float> Run(const QuantisedNetwork& network, std::span<const float> features) {
  Quantisation grid = network.input;
  Batch steps = ToGrid(Columns(features, network.input_count()), grid);
  for (const QuantisedDenseLayer& layer : network.layers) {
    Batch values = UnitsOf(layer, grid).asDiagonal() * Accumulate(layer, steps, grid.zero_point);
    if (layer.relu) values = values.cwiseMax(0.0f);
    grid = layer.output;
    steps = ToGrid(values, grid);
  }
  Batch scores = FromGrid(steps, grid);
  if (network.softmax) {
    Softmax(scores);
    scores = FromGrid(ToGrid(scores, network.output), network.output);
  }
  return {scores.data(), scores.data() + scores.size()};
}

std::vector<int> FeaturesBelowAStep(const QuantisedNetwork& network, const Table& table) {
  std::vector<int> lost;
  const Eigen::MatrixXd features = Columns(table.features, table.feature_count).cast<double>();
  const Eigen::VectorXd means = features.rowwise().mean();
  const Eigen::ArrayXd deviations =
      ((features.colwise() - means).rowwise().squaredNorm() / static_cast<double>(features.cols())).array().sqrt();
  const double half_a_step = 0.5 * static_cast<double>(network.input.scale);
  for (int feature = 0; feature < table.feature_count; ++feature) {
    // A feature that stays what it is (but for rounding) has nothing to lose.
    const bool varies = deviations[feature] > 1e-6 * std::abs(means[feature]);
    if (varies && deviations[feature] < half_a_step) lost.push_back(feature);
  }
  return lost;
}

}  // namespace thimble::trainer
