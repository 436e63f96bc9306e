#include "compiler/model_file.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <system_error>
#include <utility>

#include "kernels/all_operators.h"
#include "runtime/describe.h"

namespace thimble::compiler {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxModelBytes = size_t{1} << 30;  // the runtime's limit
constexpr size_t kMaxArenaBytes = size_t{1} << 31;

constexpr const char* kFromKeras =
    "convert it in Python: tf.lite.TFLiteConverter.from_keras_model(tf.keras.models.load_model(\"FILE\")).convert(), "
    "with optimizations and a representative_dataset for int8";
constexpr const char* kFromSavedModel =
    "convert it in Python: tf.lite.TFLiteConverter.from_saved_model(\"FOLDER\").convert(), with optimizations and a "
    "representative_dataset for int8";

OtherFile SavedModel() { return {"saved_model", "a TensorFlow SavedModel", kFromSavedModel}; }

std::string FirstBytes(std::string_view text) {
  std::string hex;
  for (const char c : text.substr(0, 8)) {
    char digits[4];
    std::snprintf(digits, sizeof digits, "%s%02x", hex.empty() ? "" : " ", static_cast<unsigned char>(c));
    hex += digits;
  }
  return hex;
}

OtherFile RecogniseZip(std::string_view text) {
  const auto has = [text](std::string_view name) { return text.find(name) != std::string_view::npos; };
  if (has("saved_model.pb")) {
    OtherFile other = SavedModel();
    other.what += " in a zip archive";
    other.cure = "unpack it and " + other.cure;
    return other;
  }
  if (has("model.weights.h5")) return {"keras", "a Keras model (.keras)", kFromKeras};
  if (has("data.pkl")) {
    return {"pytorch", "a PyTorch model",
            "convert it in Python with ai_edge_torch.convert(model, sample_inputs).export(\"model.tflite\")"};
  }
  if (has(".npy")) return {"npz", "a NumPy archive (.npz)", "these are numbers without a network; give the .tflite"};
  if (has(".tflite")) return {"zip", "a zip archive with a .tflite in it", "unpack it and give the .tflite"};
  return {"zip", "a zip archive", "unpack it and give the .tflite"};
}

OtherFile RecogniseText(std::string_view text) {
  const auto has = [text](std::string_view word) { return text.find(word) != std::string_view::npos; };
  if (text.starts_with("version https://git-lfs")) {
    return {"git_lfs", "a Git LFS pointer, not the file itself", "fetch it: git lfs pull"};
  }
  if (text.starts_with("<!DOCTYPE") || text.starts_with("<!doctype") || text.starts_with("<html")) {
    return {"html", "a web page", "download the file itself (on GitHub: the \"raw\" link)"};
  }
  if (has("modelTopology")) {
    return {"tfjs", "a TensorFlow.js model",
            "turn it back in Python: tensorflowjs_converter --input_format=tfjs_layers_model --output_format=keras, "
            "then convert that to .tflite"};
  }
  // The root offset and "TFL3" as xxd -i writes them.
  if (has("0x54, 0x46, 0x4c, 0x33") || has("0x54,0x46,0x4c,0x33") || has("0x54, 0x46, 0x4C, 0x33")) {
    return {"c_array", "a model as a C array",
            "give the .tflite that it was made from, or turn it back: "
            "grep -o '0x[0-9a-fA-F]*,' FILE | xxd -r -p > model.tflite"};
  }
  return {"text", "a text file", "give a .tflite"};
}

bool IsText(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= 0x20 || byte == '\n' || byte == '\r' || byte == '\t';
  });
}

/// A protobuf whose fields are those that onnx.proto gives ModelProto: ir_version (1, a small number) comes first in
/// practice, then producer_name (2), opset_import (8) or graph (7).
bool IsOnnx(std::string_view text, std::string_view name) {
  if (name.ends_with(".onnx")) return true;
  return text.size() > 4 && text[0] == 0x08 && text[1] > 0 && text[1] < 32 &&
         (text[2] == 0x12 || text[2] == 0x3a || text[2] == 0x42);
}

}  // namespace

std::optional<OtherFile> RecogniseOther(std::span<const std::byte> bytes, std::string_view name) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const auto at = [text](size_t place, std::string_view magic) {
    return text.size() >= place && text.substr(place).starts_with(magic);
  };
  if (at(4, "TFL3")) return std::nullopt;
  if (text.empty()) return OtherFile{"empty", "an empty file", "copy or convert the model again"};
  if (at(0,
         "\x7f"
         "ELF")) {
    return OtherFile{"elf", "a program (ELF)", "give the .tflite that was linked into it"};
  }
  if (at(0, "\x89HDF\r\n\x1a\n")) return OtherFile{"hdf5", "a Keras model (HDF5, .h5)", kFromKeras};
  if (at(0, "PK\x03\x04")) return RecogniseZip(text);
  if (at(0, "\x1f\x8b")) return OtherFile{"gzip", "gzip-compressed", "unpack it (gunzip, or tar -xzf)"};
  if (at(0, std::string_view("\xfd"
                             "7zXZ\0",
                             6)))
    return OtherFile{"xz", "xz-compressed", "unpack it (tar -xJf)"};
  if (at(0, "\x93NUMPY")) {
    return OtherFile{"npy", "a NumPy array (.npy)", "these are numbers without a network; give the .tflite"};
  }
  if (at(4, "ORTM")) {
    return OtherFile{"ort", "an ONNX Runtime model (.ort)", "take the .onnx it was made from: onnx2tf -i FILE.onnx"};
  }
  if (at(4, "ET1")) {
    return OtherFile{
        "executorch", "an ExecuTorch program (.pte)",
        "convert the PyTorch model with ai_edge_torch.convert(model, sample_inputs).export(\"model.tflite\")"};
  }
  if (at(4, "TFL")) {
    return OtherFile{"old_tflite", "a TensorFlow Lite model from before format version 3 (2018)",
                     "convert the original model again"};
  }
  if (IsOnnx(text, name)) {
    return OtherFile{"onnx", "an ONNX model",
                     "convert it: onnx2tf -i FILE.onnx -oiqt gives model_full_integer_quant.tflite"};
  }
  if (text[0] == '\x80' && text.size() > 1 && text[1] >= 2 && text[1] <= 5) {
    return OtherFile{"pickle", "a Python pickle", "load it where it was made and convert the network in it to .tflite"};
  }
  if (name.ends_with("saved_model.pb")) return SavedModel();
  if (name.ends_with(".pb")) {
    return OtherFile{"graph_def", "a TensorFlow graph (.pb)",
                     "convert it in Python: tf.compat.v1.lite.TFLiteConverter.from_frozen_graph(…).convert()"};
  }
  if (IsText(text.substr(0, 4096))) return RecogniseText(text);
  if (text.size() < 8) return OtherFile{"short", "too short to be a model", "copy or convert the model again"};
  return OtherFile{"unknown", "of no kind that is known here (it begins with " + FirstBytes(text) + ")",
                   "give a .tflite; bytes 4 to 7 of one are \"TFL3\""};
}

Expected<ModelFile> ReadModelFile(const fs::path& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (!fs::exists(status)) {
    if (status.type() == fs::file_type::none) return {Status::kFailed, path.string() + ": " + error.message()};
    return {Status::kNotFound, path.string() + ": no such file"};
  }
  if (fs::is_directory(status)) {
    if (fs::exists(path / "saved_model.pb", error)) return ModelFile{{}, SavedModel()};
    return ModelFile{{}, OtherFile{"folder", "a folder", "give a .tflite"}};
  }
  if (!fs::is_regular_file(status)) {
    return ModelFile{{}, OtherFile{"device", "not a regular file", "copy the model into a file"}};
  }
  std::ifstream file(path, std::ios::binary);
  const auto unreadable = [&path] {
    return Error{Status::kFailed, path.string() + ": cannot be read: " + std::strerror(errno)};
  };
  errno = 0;
  if (!file.is_open()) return unreadable();
  const uintmax_t size = fs::file_size(path, error);
  if (error) return {Status::kFailed, path.string() + ": " + error.message()};
  if (size >= kMaxModelBytes) {
    return {Status::kUnsupported, path.string() + ": is larger than 1 GB; no microcontroller has room for that"};
  }
  ModelFile model{AlignedMemory(static_cast<size_t>(size)), std::nullopt};
  const std::span<std::byte> bytes = model.memory.span();
  file.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  if (static_cast<size_t>(file.gcount()) != bytes.size()) return unreadable();
  model.other = RecogniseOther(bytes, path.filename().string());
  return model;
}

Expected<AlignedMemory> ReadTflite(const fs::path& path) {
  THIMBLE_ASSIGN(ModelFile file, ReadModelFile(path));
  if (file.other) {
    return {Status::kVerificationFailed,
            path.string() + ": is not a .tflite but " + file.other->what + "; " + file.other->cure};
  }
  return std::move(file.memory);
}

Expected<LoadedNetwork> LoadNetwork(std::span<const std::byte> model,
                                    std::span<const kernels::Operator* const> operators, runtime::Fault* fault) {
  runtime::Fault found;
  Status status = Status::kOutOfMemory;
  size_t arena_bytes = 0;
  for (size_t room = size_t{1} << 20; status == Status::kOutOfMemory && room <= kMaxArenaBytes; room *= 8) {
    const AlignedMemory plenty(room);
    runtime::Network network;
    status = network.Load(model, operators, plenty.span(), &found);
    if (thimble::ok(status)) arena_bytes = network.arena_bytes();
  }
  LoadedNetwork loaded;
  if (thimble::ok(status)) {
    loaded.arena = AlignedMemory(arena_bytes);
    status = loaded.network.Load(model, operators, loaded.arena.span(), &found);
  }
  if (fault != nullptr) *fault = found;
  if (!thimble::ok(status)) return {status, runtime::Describe(model, operators, found)};
  return loaded;
}

}  // namespace thimble::compiler
