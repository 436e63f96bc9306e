// The impulse as people edit it (impulse.json), and bound to a model so that a session can run it.
#ifndef THIMBLE_COMPILER_IMPULSE_FILE_H_
#define THIMBLE_COMPILER_IMPULSE_FILE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/error.h"
#include "dsp/blocks_headers.inc"
#include "runtime/anomaly.h"
#include "runtime/feature_session.h"
#include "runtime/impulse.h"
#include "runtime/session.h"

namespace thimble::compiler {

/// Parameters of any block: the alternative says which one.
#define BLOCK(type) , dsp::type::Params
using BlockParams = std::variant<std::monostate
#include "dsp/blocks.inc"
                                 >;
#undef BLOCK

/// The block that the parameters belong to, the parameters as it wants them, and what it says to people. `params` must
/// hold a block's parameters.
const dsp::Block& BlockOf(const BlockParams& params);
const dsp::BlockWords& WordsOf(const BlockParams& params);
const void* PointerTo(const BlockParams& params);

/// The default parameters of the block called `name`, or monostate when there is none.
BlockParams DefaultParams(std::string_view name);

/// "spectral_analysis, raw": for sentences.
std::string BlockNames();

/// One parameter of a block and its value, for people and pages.
struct BlockParameter {
  dsp::Field field;
  enum class Kind { kNumber, kInteger, kFlag, kChoice } kind = Kind::kNumber;
  std::string value;  ///< 0.5, 16, true, low
};

/// "number", "integer", "flag", "choice"
const char* NameOf(BlockParameter::Kind kind);

/// Every parameter in the order of declaration. `params` must hold a block's parameters.
std::vector<BlockParameter> ParametersOf(const BlockParams& params);

/// {"scale-axes":1,...} on one line, every parameter.
std::string WriteParameters(const BlockParams& params);

/// Reads the members of a JSON object into `params`, which keep what the object leaves out. Errors (kDataLoss) begin
/// with `place`, name the parameter, and say what it must be.
Outcome ReadParameters(std::string_view place, std::string_view json, BlockParams& params);

struct InputAxis {
  std::string name;   ///< "accX"
  std::string units;  ///< "m/s2"; may be empty

  bool operator==(const InputAxis&) const = default;
};

/// A detector of what was never seen in training, with its own memory: runtime::Anomaly explains the arrays.
struct AnomalyDescription {
  runtime::Anomaly::Kind kind = runtime::Anomaly::Kind::kKMeans;
  std::vector<uint16_t> features;
  std::vector<float> centres, scales, offsets;  ///< of an autoencoder empty: the impulse's own scaling serves
  float threshold = 0;
  std::vector<std::string> normal;  ///< labels of the recordings that it learnt from
};

/// "kmeans", "gmm", "gmm_full", "autoencoder": in files, and what people type.
const char* NameOf(runtime::Anomaly::Kind kind);
std::optional<runtime::Anomaly::Kind> AnomalyKindNamed(std::string_view name);

/// Everything about an impulse but the weights.
struct ImpulseDescription {
  std::string name;
  std::vector<InputAxis> axes;
  double rate_hz = 0;
  int window_readings = 0;
  int stride_readings = 0;
  BlockParams block;
  std::vector<std::string> labels;  ///< one an output of the network; empty: a regressor, or an anomaly detector
  std::string model_file = "model.tflite";  ///< empty: an anomaly detector alone, without a network
  std::string data_hash;                    ///< of the recordings it was trained on; empty: unknown
  /// Of pictures: pixels a row, and rows; 0 for everything else.
  int width = 0;
  int height = 0;
  /// What each feature becomes before the network takes it: (feature - offset) * scale. Both empty: it stays as it is.
  std::vector<float> feature_offsets = {}, feature_scales = {};
  std::optional<AnomalyDescription> anomaly = {};  ///< beside the network, or alone

  bool has_network() const { return !model_file.empty(); }
  bool is_autoencoder() const { return anomaly && anomaly->kind == runtime::Anomaly::Kind::kReconstruction; }
  bool is_regressor() const { return labels.empty() && has_network() && !is_autoencoder(); }

  dsp::Window Window() const {
    return {static_cast<int>(axes.size()), window_readings, static_cast<float>(rate_hz), width, height};
  }
};

/// Says what keeps an impulse from being run: sizes, labels, or what its block refuses.
Outcome Check(const ImpulseDescription& impulse);

/// docs/formats/impulse.md. Ends in a newline.
std::string WriteImpulse(const ImpulseDescription& impulse);

/// Reads what WriteImpulse wrote, or a person. `file` is named in errors, which say the key and what to do. Foreign
/// bytes are welcome: any input gives an impulse that Check accepts, or a sentence.
Expected<ImpulseDescription> ParseImpulse(std::string_view file, std::string_view text);

/// An impulse with its model, owning all that the runtime points at. Moving it keeps every address.
class BoundImpulse {
 public:
  /// `model` is empty where the impulse has no network. kVerificationFailed and others as Session::Load, in a sentence
  /// that begins with the model's file name.
  static Expected<BoundImpulse> Bind(ImpulseDescription description, std::span<const std::byte> model);

  const ImpulseDescription& description() const;
  const runtime::Impulse& impulse() const;

  /// A loaded session; it lives as long as this object. Its arena is exactly as large as it must be. Of an impulse
  /// without a network, which must not be asked for it, feature_session() is loaded instead.
  runtime::Session& session() const;
  runtime::FeatureSession& feature_session() const;
  size_t arena_bytes() const;

  // Either, whichever is loaded.
  std::span<float> window() const;
  std::span<const float> features() const;
  runtime::Verdict Run() const;  ///< without a network: label -1, no scores

  /// Of an impulse with an anomaly detector: its arrays, and what it says about the window that Run has judged.
  const runtime::Anomaly& anomaly() const;
  runtime::Detection Detect() const;

 private:
  struct State;
  explicit BoundImpulse(std::shared_ptr<State> state) : state_(std::move(state)) {}
  std::shared_ptr<State> state_;
};

}  // namespace thimble::compiler

#endif  // THIMBLE_COMPILER_IMPULSE_FILE_H_
