// Writes a model of any layers as a `.tflite` file.
#ifndef THIMBLE_TRAINER_MODEL_TFLITE_H_
#define THIMBLE_TRAINER_MODEL_TFLITE_H_

#include <cstddef>
#include <vector>

#include "base/error.h"
#include "trainer/model.h"
#include "trainer/model_quantise.h"

namespace thimble::trainer {

/// A file of TFLite's built-in operators that runs in place: every buffer starts at a multiple of 16 bytes.
///
/// The input is "features", [1, channels] where there is one position, else [1, height, width, channels]; the output
/// "scores" after softmax, else "values". An int8 model takes and gives int8. An int16×8 model takes and gives float32
/// (QUANTIZE first, DEQUANTIZE last), as TFLite's converter makes them. The memory of an lstm is a variable, which must
/// be reset before every window; TFLite on a desktop runs it in float32 and int8, in int16 only TFLite Micro and our
/// runtime do.
std::vector<std::byte> WriteTflite(const QuantisedModel& model);

/// The same in float32, batch norm folded. Refuses what Check(model) refuses, with its sentence.
Expected<std::vector<std::byte>> WriteTflite(const Model& model);

}  // namespace thimble::trainer

#endif  // THIMBLE_TRAINER_MODEL_TFLITE_H_
