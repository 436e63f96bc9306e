#include "trainer/anomaly.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "base/random.h"

namespace thimble::trainer {
namespace {

using Kind = runtime::Anomaly::Kind;

constexpr int kFolds = 5;
constexpr int kFewestRows = 2 * kFolds;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// Rows of standardised features in double precision.
struct Rows {
  size_t count = 0;
  size_t width = 0;
  std::vector<double> values;

  std::span<const double> operator[](size_t row) const { return std::span(values).subspan(row * width, width); }
};

struct Scaling {
  std::vector<double> means, deviations;
};

/// Components in standardised units. `factors` holds for each the variances [N], or the covariance [N, N] and later its
/// Cholesky factor's inverse.
struct Mixture {
  std::vector<double> weights;               // [K]
  std::vector<std::vector<double>> centres;  // [K][N]
  std::vector<std::vector<double>> factors;  // [K][N] or [K][N, N]
  std::vector<double> offsets;               // [K] ln of weight × density at the centre
  double likelihood = -kInfinity;            // mean of ln of the density over the rows
};

double SquaredDistance(std::span<const double> a, std::span<const double> b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return sum;
}

// --- K-means ---------------------------------------------------------------------------------------------------------

struct Clusters {
  std::vector<std::vector<double>> centres;
  std::vector<size_t> of;         // [rows]
  std::vector<double> distances;  // [rows] squared, to the row's own centre
  double sum = kInfinity;         // of the distances
};

/// Rows far from every centre chosen so far are the likelier next ones. Stops early when every row is a centre.
std::vector<std::vector<double>> ChooseCentres(const Rows& rows, size_t count, Random& random) {
  std::vector<std::vector<double>> centres;
  std::vector<double> nearest(rows.count, kInfinity);
  size_t chosen = random.Below(static_cast<uint32_t>(rows.count));
  while (true) {
    centres.emplace_back(rows[chosen].begin(), rows[chosen].end());
    if (centres.size() == count) return centres;
    double sum = 0;
    for (size_t row = 0; row < rows.count; ++row) {
      nearest[row] = std::min(nearest[row], SquaredDistance(rows[row], centres.back()));
      sum += nearest[row];
    }
    if (!(sum > 0)) return centres;
    double left = random.Between(0, sum);
    chosen = rows.count;
    for (size_t row = 0; row < rows.count; ++row) {
      if (nearest[row] <= 0) continue;
      chosen = row;  // the last one that can be, should rounding leave a rest
      if ((left -= nearest[row]) < 0) break;
    }
  }
}

void Assign(const Rows& rows, Clusters& clusters) {
  clusters.sum = 0;
  for (size_t row = 0; row < rows.count; ++row) {
    double nearest = kInfinity;
    for (size_t k = 0; k < clusters.centres.size(); ++k) {
      const double distance = SquaredDistance(rows[row], clusters.centres[k]);
      if (distance < nearest) {
        nearest = distance;
        clusters.of[row] = k;
      }
    }
    clusters.distances[row] = nearest;
    clusters.sum += nearest;
  }
}

/// Moves each centre to the mean of its rows; one that has lost all its rows goes to the row that is farthest off.
void MoveCentres(const Rows& rows, Clusters& clusters) {
  std::vector<size_t> counts(clusters.centres.size());
  for (std::vector<double>& centre : clusters.centres) std::fill(centre.begin(), centre.end(), 0);
  for (size_t row = 0; row < rows.count; ++row) {
    std::vector<double>& centre = clusters.centres[clusters.of[row]];
    for (size_t i = 0; i < rows.width; ++i) centre[i] += rows[row][i];
    ++counts[clusters.of[row]];
  }
  for (size_t k = 0; k < counts.size(); ++k) {
    if (counts[k] > 0) {
      for (double& value : clusters.centres[k]) value /= static_cast<double>(counts[k]);
      continue;
    }
    const auto farthest = std::max_element(clusters.distances.begin(), clusters.distances.end());
    const std::span<const double> row = rows[static_cast<size_t>(farthest - clusters.distances.begin())];
    clusters.centres[k].assign(row.begin(), row.end());
    *farthest = 0;
  }
}

Clusters FindClusters(const Rows& rows, const AnomalyOptions& options, Random& random) {
  Clusters clusters;
  clusters.centres = ChooseCentres(rows, static_cast<size_t>(options.components), random);
  clusters.of.assign(rows.count, 0);
  clusters.distances.assign(rows.count, 0);
  Assign(rows, clusters);
  for (int i = 0; i < options.iterations; ++i) {
    const double before = clusters.sum;
    MoveCentres(rows, clusters);
    Assign(rows, clusters);
    if (!(clusters.sum < before)) break;
  }
  return clusters;
}

Clusters FindBestClusters(const Rows& rows, const AnomalyOptions& options, Random& random) {
  Clusters best;
  for (int i = 0; i < options.restarts; ++i) {
    Clusters clusters = FindClusters(rows, options, random);
    if (clusters.sum < best.sum || best.centres.empty()) best = std::move(clusters);
  }
  return best;
}

// --- mixtures of Gaussians -------------------------------------------------------------------------------------------

/// Replaces a covariance [N, N] by the inverse of its lower Cholesky factor; returns half the logarithm of its
/// determinant. The regularisation has made it positive definite.
double InvertCholesky(std::vector<double>& matrix, size_t n) {
  double half_log_determinant = 0;
  for (size_t i = 0; i < n; ++i) {
    for (size_t j = 0; j <= i; ++j) {
      double sum = matrix[i * n + j];
      for (size_t k = 0; k < j; ++k) sum -= matrix[i * n + k] * matrix[j * n + k];
      matrix[i * n + j] = i == j ? std::sqrt(std::max(sum, 1e-12)) : sum / matrix[j * n + j];
    }
    half_log_determinant += std::log(matrix[i * n + i]);
  }
  for (size_t j = 0; j < n; ++j) {  // column by column of the inverse, in place
    matrix[j * n + j] = 1 / matrix[j * n + j];
    for (size_t i = j + 1; i < n; ++i) {
      double sum = 0;
      for (size_t k = j; k < i; ++k) sum -= matrix[i * n + k] * matrix[k * n + j];
      matrix[i * n + j] = sum / matrix[i * n + i];
    }
  }
  return half_log_determinant;
}

/// Weights, centres and factors from how much each row belongs to each component, `shares` [rows][K].
Mixture Maximise(const Rows& rows, const std::vector<std::vector<double>>& shares, const AnomalyOptions& options) {
  constexpr double kFewestRowsOfAComponent = 1e-3;
  const bool full = options.kind == Kind::kFullGaussians;
  const size_t n = rows.width;
  Mixture mixture;
  for (size_t k = 0; k < shares.front().size(); ++k) {
    double total = 0;
    for (const std::vector<double>& share : shares) total += share[k];
    if (total < kFewestRowsOfAComponent) continue;  // it has died out
    std::vector<double> centre(n);
    for (size_t row = 0; row < rows.count; ++row) {
      for (size_t i = 0; i < n; ++i) centre[i] += shares[row][k] * rows[row][i];
    }
    for (double& value : centre) value /= total;
    std::vector<double> factor(full ? n * n : n);
    for (size_t row = 0; row < rows.count; ++row) {
      const double share = shares[row][k];
      if (share < 1e-12) continue;
      for (size_t i = 0; i < n; ++i) {
        const double difference = rows[row][i] - centre[i];
        if (!full) {
          factor[i] += share * difference * difference;
          continue;
        }
        for (size_t j = 0; j <= i; ++j) factor[i * n + j] += share * difference * (rows[row][j] - centre[j]);
      }
    }
    for (double& value : factor) value /= total;
    for (size_t i = 0; i < n; ++i) factor[full ? i * n + i : i] += options.regularisation;

    double half_log_determinant = 0;
    if (full) {
      half_log_determinant = InvertCholesky(factor, n);
    } else {
      for (const double variance : factor) half_log_determinant += 0.5 * std::log(variance);
    }
    const double weight = total / static_cast<double>(rows.count);
    mixture.offsets.push_back(std::log(weight) - half_log_determinant -
                              0.5 * static_cast<double>(n) * std::log(2 * std::acos(-1.0)));
    mixture.weights.push_back(weight);
    mixture.centres.push_back(std::move(centre));
    mixture.factors.push_back(std::move(factor));
  }
  return mixture;
}

double LogDensity(const Mixture& mixture, size_t k, std::span<const double> row, bool full) {
  const size_t n = row.size();
  const std::vector<double>& centre = mixture.centres[k];
  const std::vector<double>& factor = mixture.factors[k];
  double sum = 0;
  for (size_t i = 0; i < n; ++i) {
    if (!full) {
      sum += (row[i] - centre[i]) * (row[i] - centre[i]) / factor[i];
      continue;
    }
    double dot = 0;
    for (size_t j = 0; j <= i; ++j) dot += factor[i * n + j] * (row[j] - centre[j]);
    sum += dot * dot;
  }
  return mixture.offsets[k] - 0.5 * sum;
}

/// How much each row belongs to each component; sets the mixture's likelihood.
std::vector<std::vector<double>> Expect(const Rows& rows, Mixture& mixture, bool full) {
  const size_t components = mixture.weights.size();
  std::vector<std::vector<double>> shares(rows.count, std::vector<double>(components));
  double likelihood = 0;
  for (size_t row = 0; row < rows.count; ++row) {
    std::vector<double>& share = shares[row];
    for (size_t k = 0; k < components; ++k) share[k] = LogDensity(mixture, k, rows[row], full);
    const double largest = *std::max_element(share.begin(), share.end());
    double sum = 0;
    for (double& value : share) sum += value = std::exp(value - largest);
    for (double& value : share) value /= sum;
    likelihood += largest + std::log(sum);
  }
  mixture.likelihood = likelihood / static_cast<double>(rows.count);
  return shares;
}

Mixture FindMixture(const Rows& rows, const AnomalyOptions& options, Random& random) {
  constexpr double kEnough = 1e-4;  // of ln of the density, a row
  const bool full = options.kind == Kind::kFullGaussians;
  Mixture best;
  for (int restart = 0; restart < options.restarts; ++restart) {
    const Clusters clusters = FindClusters(rows, options, random);
    std::vector<std::vector<double>> shares(rows.count, std::vector<double>(clusters.centres.size()));
    for (size_t row = 0; row < rows.count; ++row) shares[row][clusters.of[row]] = 1;
    Mixture mixture;
    for (int i = 0; i < options.iterations; ++i) {
      const double before = mixture.likelihood;
      mixture = Maximise(rows, shares, options);
      shares = Expect(rows, mixture, full);
      if (mixture.likelihood - before < kEnough) break;
    }
    if (mixture.likelihood > best.likelihood || best.weights.empty()) best = std::move(mixture);
  }
  return best;
}

// --- from rows to a detector -----------------------------------------------------------------------------------------

Scaling Measure(const Table& table, std::span<const int> rows, const std::vector<uint16_t>& features) {
  Scaling scaling;
  for (const uint16_t feature : features) {
    double mean = 0;
    for (const int row : rows) mean += static_cast<double>(table.row(row)[feature]);
    mean /= static_cast<double>(rows.size());
    double variance = 0;
    for (const int row : rows) {
      const double difference = static_cast<double>(table.row(row)[feature]) - mean;
      variance += difference * difference;
    }
    scaling.means.push_back(mean);
    scaling.deviations.push_back(std::sqrt(variance / static_cast<double>(rows.size())));
  }
  return scaling;
}

Rows Standardise(const Table& table, std::span<const int> indices, const std::vector<uint16_t>& features,
                 const Scaling& scaling) {
  Rows rows{.count = indices.size(), .width = features.size(), .values = {}};
  rows.values.reserve(rows.count * rows.width);
  for (const int index : indices) {
    const std::span<const float> row = table.row(index);
    for (size_t i = 0; i < features.size(); ++i) {
      rows.values.push_back((static_cast<double>(row[features[i]]) - scaling.means[i]) / scaling.deviations[i]);
    }
  }
  return rows;
}

/// Fits to some rows. The arrays come out in the features' own units, so that the device need not standardise.
AnomalyDetector Fit(const Table& table, std::span<const int> indices, const std::vector<uint16_t>& features,
                    const AnomalyOptions& options) {
  // A feature that stands still in these rows, but not in all: one step of a float is the least that can be told apart.
  constexpr double kLeastDeviation = 1e-7;
  AnomalyDetector detector;
  detector.kind = options.kind;
  detector.features = features;
  Scaling scaling = Measure(table, indices, features);
  for (size_t i = 0; i < features.size(); ++i) {
    const double least = std::max(kLeastDeviation * std::abs(scaling.means[i]), 1e-30);
    scaling.deviations[i] = std::max(scaling.deviations[i], least);
  }
  const Rows rows = Standardise(table, indices, features, scaling);
  Random random(options.seed);
  const auto add_centre = [&](const std::vector<double>& centre) {
    for (size_t i = 0; i < centre.size(); ++i) {
      detector.centres.push_back(static_cast<float>(scaling.means[i] + centre[i] * scaling.deviations[i]));
    }
  };
  if (options.kind == Kind::kKMeans) {
    const Clusters clusters = FindBestClusters(rows, options, random);
    std::vector<double> radii(clusters.centres.size());
    for (size_t row = 0; row < rows.count; ++row) {
      radii[clusters.of[row]] = std::max(radii[clusters.of[row]], std::sqrt(clusters.distances[row]));
    }
    for (const std::vector<double>& centre : clusters.centres) add_centre(centre);
    for (const double deviation : scaling.deviations) detector.scales.push_back(static_cast<float>(1 / deviation));
    detector.offsets.assign(radii.begin(), radii.end());
    return detector;
  }
  const Mixture mixture = FindMixture(rows, options, random);
  for (size_t k = 0; k < mixture.weights.size(); ++k) {
    add_centre(mixture.centres[k]);
    const std::vector<double>& factor = mixture.factors[k];
    for (size_t i = 0; i < features.size(); ++i) {
      if (options.kind == Kind::kDiagonalGaussians) {
        detector.scales.push_back(static_cast<float>(1 / (std::sqrt(factor[i]) * scaling.deviations[i])));
        continue;
      }
      for (size_t j = 0; j <= i; ++j) {
        detector.scales.push_back(static_cast<float>(factor[i * features.size() + j] / scaling.deviations[j]));
      }
    }
    detector.offsets.push_back(static_cast<float>(mixture.offsets[k]));
  }
  return detector;
}

Error Wrong(std::string message) { return {Status::kInvalidArgument, std::move(message)}; }

Outcome CheckOptions(const Table& table, const AnomalyOptions& options) {
  if (table.feature_count < 1 || table.rows() < kFewestRows) {
    return Wrong("an anomaly detector needs at least " + std::to_string(kFewestRows) +
                 " rows of normal features, not " + std::to_string(table.rows()) +
                 "; record more, or let windows begin closer to each other");
  }
  if (options.components < 1) return Wrong("an anomaly detector needs at least 1 cluster or component");
  if (options.iterations < 1 || options.restarts < 1) return Wrong("at least 1 iteration and 1 restart are needed");
  if (!(options.accepted_share > 0 && options.accepted_share <= 1)) {
    return Wrong("the share of normal windows to accept lies above 0 and is at most 1");
  }
  if (!(options.regularisation > 0 && options.regularisation < kInfinity)) {
    return Wrong("the regularisation of the variances is a positive number, such as 0.01");
  }
  for (size_t i = 0; i < table.features.size(); ++i) {
    if (std::isfinite(table.features[i])) continue;
    const auto width = static_cast<size_t>(table.feature_count);
    return Wrong("row " + std::to_string(i / width) + ": feature " + std::to_string(i % width) +
                 " is not a finite number; leave out the window it comes from");
  }
  return Nothing{};
}

/// The columns to look at: those asked for that change.
Expected<std::vector<uint16_t>> ChooseFeatures(const Table& table, const AnomalyOptions& options,
                                               std::vector<std::string>& notices) {
  std::vector<int> wanted = options.features;
  if (wanted.empty()) {
    wanted.resize(static_cast<size_t>(table.feature_count));
    std::iota(wanted.begin(), wanted.end(), 0);
  }
  std::sort(wanted.begin(), wanted.end());
  wanted.erase(std::unique(wanted.begin(), wanted.end()), wanted.end());
  if (wanted.front() < 0 || wanted.back() >= std::min(table.feature_count, 1 << 16)) {
    return Wrong("feature " + std::to_string(wanted.front() < 0 ? wanted.front() : wanted.back()) +
                 " does not exist; the table has features 0 to " + std::to_string(table.feature_count - 1));
  }
  std::vector<uint16_t> changing;
  for (const int feature : wanted) {
    const auto value = [&](int row) { return table.row(row)[static_cast<size_t>(feature)]; };
    int row = 1;
    while (row < table.rows() && value(row) == value(0)) ++row;
    if (row < table.rows()) changing.push_back(static_cast<uint16_t>(feature));
  }
  if (changing.empty()) return Wrong("none of the features ever changes in the normal rows; is the sensor connected?");
  if (changing.size() < wanted.size()) {
    const size_t constant = wanted.size() - changing.size();
    notices.push_back(std::to_string(constant) + (constant == 1 ? " feature never changes" : " features never change") +
                      " in the normal rows; the detector does not look at " + (constant == 1 ? "it" : "them"));
  }
  if (options.kind == Kind::kFullGaussians && changing.size() > kMostFullFeatures) {
    return Wrong("full covariances of " + std::to_string(changing.size()) + " features are too many numbers; choose " +
                 std::to_string(kMostFullFeatures) + " features or fewer, or diagonal Gaussians");
  }
  return changing;
}

/// Which fold each row is held out in: neighbouring recordings together, or stretches of a single one.
std::vector<int> FoldOfRows(const Table& table) {
  std::vector<int> groups;
  for (int row = 0; row < table.rows(); ++row) groups.push_back(table.group(row));
  std::sort(groups.begin(), groups.end());
  groups.erase(std::unique(groups.begin(), groups.end()), groups.end());
  std::vector<int> folds(static_cast<size_t>(table.rows()));
  for (int row = 0; row < table.rows(); ++row) {
    size_t place = static_cast<size_t>(row);
    size_t count = folds.size();
    if (groups.size() >= kFolds) {
      place = static_cast<size_t>(std::lower_bound(groups.begin(), groups.end(), table.group(row)) - groups.begin());
      count = groups.size();
    }
    folds[static_cast<size_t>(row)] = static_cast<int>(place * kFolds / count);
  }
  return folds;
}

std::vector<float> HoldOut(const Table& table, const std::vector<uint16_t>& features, const AnomalyOptions& options) {
  const std::vector<int> folds = FoldOfRows(table);
  std::vector<float> scores(folds.size());
  AnomalyOptions quicker = options;
  quicker.restarts = 1;
  for (int fold = 0; fold < kFolds; ++fold) {
    std::vector<int> others;
    for (size_t row = 0; row < folds.size(); ++row) {
      if (folds[row] != fold) others.push_back(static_cast<int>(row));
    }
    const AnomalyDetector detector = Fit(table, others, features, quicker);
    for (size_t row = 0; row < folds.size(); ++row) {
      if (folds[row] == fold) scores[row] = runtime::Score(detector.View(), table.row(static_cast<int>(row)));
    }
  }
  return scores;
}

}  // namespace

Expected<AnomalyDetector> FitAnomaly(const Table& table, const AnomalyOptions& options) {
  THIMBLE_EXPECT(CheckOptions(table, options));
  std::vector<std::string> notices;
  THIMBLE_ASSIGN(const std::vector<uint16_t> features, ChooseFeatures(table, options, notices));
  std::vector<int> all(static_cast<size_t>(table.rows()));
  std::iota(all.begin(), all.end(), 0);
  AnomalyDetector detector = Fit(table, all, features, options);
  detector.notices = std::move(notices);
  if (detector.offsets.size() < static_cast<size_t>(options.components)) {
    detector.notices.push_back("the normal rows hold only " + std::to_string(detector.offsets.size()) + " of " +
                               std::to_string(options.components) + " clusters");
  }
  detector.held_out_scores = HoldOut(table, features, options);
  std::vector<float> sorted = detector.held_out_scores;
  std::sort(sorted.begin(), sorted.end());
  const double place = std::ceil(options.accepted_share * static_cast<double>(sorted.size()));
  detector.threshold = sorted[std::max<size_t>(static_cast<size_t>(place), 1) - 1];
  return detector;
}

std::vector<float> Score(const AnomalyDetector& detector, const Table& table) {
  const runtime::Anomaly anomaly = detector.View();
  std::vector<float> scores;
  for (int row = 0; row < table.rows(); ++row) scores.push_back(runtime::Score(anomaly, table.row(row)));
  return scores;
}

}  // namespace thimble::trainer
