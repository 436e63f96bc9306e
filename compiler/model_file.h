// A model file on disk: read, recognised by its first bytes, and loaded into an arena of exactly the size it takes.
#ifndef THIMBLE_COMPILER_MODEL_FILE_H_
#define THIMBLE_COMPILER_MODEL_FILE_H_

#include <cstddef>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/aligned_memory.h"
#include "base/error.h"
#include "kernels/op.h"
#include "runtime/network.h"

namespace thimble::compiler {

/// What a file is when it is no .tflite.
struct OtherFile {
  std::string kind;  ///< a stable word: "onnx"
  std::string what;  ///< "an ONNX model"
  std::string cure;  ///< how to make a .tflite of it, or what to do instead
};

/// Nothing for a .tflite (whole or damaged); for anything else what it looks like. `name` is the file's, whose ending
/// decides where bytes do not.
std::optional<OtherFile> RecogniseOther(std::span<const std::byte> bytes, std::string_view name);

/// A file's bytes, whatever they are.
struct ModelFile {
  AlignedMemory memory;
  std::optional<OtherFile> other;  ///< set when it is no .tflite; the bytes may then be missing
  std::span<const std::byte> bytes() const { return memory.span(); }
};

/// Reads `path`. A folder is read as far as it takes to say what it is.
///   kNotFound     there is nothing of that name
///   kUnsupported  it is larger than 1 GB
///   kFailed       it cannot be read
Expected<ModelFile> ReadModelFile(const std::filesystem::path& path);

/// The same for callers that need a .tflite: kVerificationFailed, with the cure, for anything else.
Expected<AlignedMemory> ReadTflite(const std::filesystem::path& path);

/// A network and its arena, for as long as both are needed. Movable: nothing in it points at itself.
struct LoadedNetwork {
  AlignedMemory arena;
  runtime::Network network;
};

/// Loads `model`, which must lie at a multiple of 16 and outlive the result, into an arena of exactly the size it
/// takes. The error is a sentence without the file's name; `fault` (may be null) is the same for programs.
Expected<LoadedNetwork> LoadNetwork(std::span<const std::byte> model,
                                    std::span<const kernels::Operator* const> operators,
                                    runtime::Fault* fault = nullptr);

}  // namespace thimble::compiler

#endif  // THIMBLE_COMPILER_MODEL_FILE_H_
