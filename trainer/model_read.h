// Reads a float `.tflite` file back into a model that can go on learning.
#ifndef THIMBLE_TRAINER_MODEL_READ_H_
#define THIMBLE_TRAINER_MODEL_READ_H_

#include <cstddef>
#include <span>

#include "base/error.h"
#include "trainer/model.h"

namespace thimble::trainer {

/// The model in a file of the operators that WriteTflite(const Model&) writes, whoever wrote it: float32, one input,
/// one output, one subgraph. Foreign bytes are welcome: the file is verified by runtime::Model, then every shape it
/// states is compared with the one that its layers give.
///
/// Batch norm is folded in such files and dropout gone, so both are missing from the model.
///
///   kVerificationFailed  damaged, or shapes that contradict each other
///   kUnsupported         an operator or an option that no layer of ours has (which one); numbers that are not float32
Expected<Model> ReadTflite(std::span<const std::byte> file);

}  // namespace thimble::trainer

#endif  // THIMBLE_TRAINER_MODEL_READ_H_
