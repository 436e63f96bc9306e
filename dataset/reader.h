// Reads a folder of recorded files, in whatever format people have them, into labelled recordings.
#ifndef THIMBLE_DATASET_READER_H_
#define THIMBLE_DATASET_READER_H_

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "dataset/recording.h"

namespace thimble::dataset {

struct ReadOptions {
  /// The rate of files that carry no times (CSV without a time column, serial lines). 0: 100 Hz for CSV and 150 Hz for
  /// serial lines, with a notice that says so.
  double rate_hz = 0;
  /// Cuts every longer file into recordings of this many readings, for files that hold many gestures back to back.
  /// 0: a file is a recording.
  size_t readings_per_recording = 0;
  /// Called after each file with how many are done, of how many; returns false to stop (kCancelled).
  std::function<bool(size_t done, size_t total)> progress = {};
  /// Of ReadBytes: the readings' numbers go there, one after the other, each with the index of its axis, and
  /// Recording::values stays empty, so that a long recording can be looked over in little memory.
  std::function<void(float number, size_t axis)> take = {};
};

/// Reads every data file below `path`, in the order of their names.
///
///   .json .cbor   Edge Impulse data acquisition format; of CBOR also with 16-bit sound behind it
///   .csv .tsv     a header, and perhaps a time column (timestamp, time, t: ms; time_s, seconds: s; time_us: µs)
///   .txt .log     lines of a serial monitor: [67,-24,1031,1820,-2800,-70] or 67,-24,1031
///   .wav          sound: PCM or float, mixed into one channel, full scale ±32768
///   .png .jpg     a picture, as packed pixels 0xRRGGBB; also .jpeg, and MNIST digits as .json {"data": […]}
///
/// Label and category come from an `info.labels` beside or above the file; else the label is the part of the file name
/// before the first of several dots (wave.1.json), the name of a sub-folder, or the file name without its number
/// (wave_07.csv; of sound also the digit of 7_jackson_32.wav), and a folder called train, training, test or testing
/// gives the category. Files that hold no data (LICENSE, README, SOURCE.txt, hidden ones) are passed over. Pictures may
/// differ in size; beside other recordings they are passed over.
///
///   kNotFound          there is no such folder
///   kInvalidArgument   not a folder; no data files; axes, units or rates (by more than 1 %) differ between files
///   kDataLoss          a file is damaged: the sentence says which, where, and what to do
///   kUnsupported       a file holds what this reader does not read (compressed sound, several labels a recording)
///   kCancelled         `progress` said so
Expected<Dataset> ReadFolder(const std::string& path, const ReadOptions& options = {});

/// Reads one file that is already in memory: `file` is its name, whose ending selects the format. Errors begin with
/// that name. Label and category are left empty. Remarks, without the file's name, are appended to `notices`.
///
/// Made for bytes from strangers: any input gives a recording or a sentence.
Expected<Recording> ReadBytes(std::string_view file, std::string_view bytes, const ReadOptions& options,
                              std::vector<std::string>& notices);

/// Whether all recordings mean the same by their numbers: the same axes, units, and rates (within 1 %). At least one.
/// kInvalidArgument, with the names of two files that differ.
Outcome CheckUniform(const std::vector<Recording>& recordings);

}  // namespace thimble::dataset

#endif  // THIMBLE_DATASET_READER_H_
