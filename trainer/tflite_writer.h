// Writes a network as a `.tflite` file.
#ifndef THIMBLE_TRAINER_TFLITE_WRITER_H_
#define THIMBLE_TRAINER_TFLITE_WRITER_H_

#include <cstddef>
#include <vector>

#include "trainer/network.h"
#include "trainer/quantise.h"

namespace thimble::trainer {

/// An int8 model: input "features" [1, inputs], then FULLY_CONNECTED with fused ReLU, then SOFTMAX for a classifier;
/// output "scores" [1, outputs]. Every buffer starts at a multiple of 16 bytes, so the file runs in place.
std::vector<std::byte> WriteTflite(const QuantisedNetwork& network);

/// The same in float32.
std::vector<std::byte> WriteTflite(const Network& network);

}  // namespace thimble::trainer

#endif  // THIMBLE_TRAINER_TFLITE_WRITER_H_
