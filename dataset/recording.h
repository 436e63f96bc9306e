// What was recorded: one sensor's readings with a label, and the set of them that a network learns from.
#ifndef THIMBLE_DATASET_RECORDING_H_
#define THIMBLE_DATASET_RECORDING_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace thimble::dataset {

/// Which part of the split a recording belongs to. Recordings that say nothing about it are unassigned until Split().
enum class Category : uint8_t { kUnassigned, kTraining, kTesting };

/// "unassigned", "training" or "testing".
const char* CategoryName(Category category);

/// One column of the readings. `units` is empty when the file does not say.
struct Axis {
  std::string name;   ///< "accX"
  std::string units;  ///< "m/s2"

  bool operator==(const Axis&) const = default;
};

/// One uninterrupted stretch of readings at a constant rate.
struct Recording {
  std::string name;   ///< for people: "wave.1"
  std::string label;  ///< empty: nobody has labelled it
  std::string file;   ///< relative to the folder that was read, with forward slashes
  Category category = Category::kUnassigned;
  std::vector<Axis> axes;
  double interval_ms = 0;     ///< between two readings; > 0
  std::vector<float> values;  ///< interleaved by reading: x0 y0 z0 x1 y1 z1 …; all finite
  /// Of a picture: pixels a row, and rows; 0 for everything else. A picture is one axis of packed pixels, 0xRRGGBB, row
  /// by row; its interval_ms says nothing.
  int width = 0;
  int height = 0;

  size_t readings() const { return axes.empty() ? 0 : values.size() / axes.size(); }
  double rate_hz() const { return 1000.0 / interval_ms; }
  double duration_ms() const { return static_cast<double>(readings()) * interval_ms; }
  bool is_picture() const { return width > 0; }

  /// The numbers of one reading, one an axis.
  std::span<const float> Reading(size_t index) const {
    return std::span(values).subspan(index * axes.size(), axes.size());
  }
};

/// Recordings of the same axes at the same rate, and what a person should know about how they were read.
struct Dataset {
  std::vector<Recording> recordings;
  std::vector<std::string> notices;

  /// Every label in use, sorted, without the empty one. A class number is an index into this list.
  std::vector<std::string> Labels() const;
};

}  // namespace thimble::dataset

#endif  // THIMBLE_DATASET_RECORDING_H_
