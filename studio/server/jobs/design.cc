#include "studio/server/jobs/design.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "compiler/impulse_file.h"
#include "studio/server/jobs/members.h"

namespace thimble::studio {
namespace {

using nlohmann::json;

Outcome ReadBlock(const json& object, compiler::BlockParams& block) {
  Members members(object, "design.block");
  std::string name;
  members.Word("name", name);
  const json* const parameters = members.Take("parameters");
  THIMBLE_EXPECT(members.Finish());
  block = compiler::DefaultParams(name);
  if (std::holds_alternative<std::monostate>(block)) {
    return {Status::kInvalidArgument,
            "design.block.name: there is no block '" + name + "'; there are " + compiler::BlockNames()};
  }
  if (parameters == nullptr) return Nothing{};
  const Outcome read = compiler::ReadParameters("design.block.parameters", parameters->dump(), block);
  if (!read.ok()) return {Status::kInvalidArgument, read.error().message};
  return Nothing{};
}

Outcome ReadNetwork(const json& object, TrainingOptions& training) {
  Members members(object, "design.network");
  std::string name;
  members.Word("architecture", name);
  members.Number("width", 0, 1024, training.size.width);
  members.Number("depth", 0, 64, training.size.depth);
  members.Number("dropout", 0, 0.9, training.size.dropout);
  THIMBLE_EXPECT(members.Finish());
  if (name.empty()) return Nothing{};
  auto architecture = trainer::ArchitectureNamed(name);
  if (!architecture) return {Status::kInvalidArgument, "design.network.architecture: " + architecture.error().message};
  training.architecture = *architecture;
  return Nothing{};
}

Outcome ReadTraining(const json& object, TrainingOptions& training) {
  Members members(object, "design.training");
  LearningOptions& learning = training.learning;
  members.Number("epochs", 0, 100'000, learning.epochs);
  members.Number("learning_rate", 0, 10, learning.learning_rate);
  members.Number("batch_rows", 1, 4096, learning.batch_rows);
  members.Number("seed", 0, 1e9, learning.seed);
  members.Number("validation_share", 0, 0.9, learning.validation_share);
  const json* const augmentation = members.Take("augmentation");
  if (augmentation != nullptr) {
    if (!augmentation->is_boolean()) members.Refuse("augmentation", "must be true or false");
    if (*augmentation == false) learning.augment = trainer::AugmentOptions();
  }
  THIMBLE_EXPECT(members.Finish());
  training.data.split.seed = learning.seed;
  return Nothing{};
}

Outcome ReadAnomaly(const json& object, ImpulseDesign& design) {
  Members members(object, "design.anomaly");
  std::string detector;
  members.Word("detector", detector);
  members.Number("components", 0, 64, design.components);
  members.Number("accepted_share", 0.5, 1, design.accepted_share);
  if (const json* const normal = members.Take("normal")) {
    if (!normal->is_array()) members.Refuse("normal", "must be a list of labels");
    for (const json& label : *normal) {
      if (!label.is_string()) {
        members.Refuse("normal", "must be a list of labels");
        break;
      }
      design.training.data.normal.push_back(label);
    }
  }
  if (!detector.empty()) {
    const auto kind = compiler::AnomalyKindNamed(detector);
    if (kind) design.detector = *kind;
    const std::string names = "kmeans, gmm, gmm_full, autoencoder";
    if (!kind) members.Refuse("detector", "there is no detector '" + detector + "'; there are " + names);
  }
  return members.Finish();
}

}  // namespace

Expected<ImpulseDesign> ParseDesign(std::string_view text) {
  THIMBLE_ASSIGN(const json object, ParseJson("design", text));
  ImpulseDesign design;
  Members members(object, "design");
  constexpr double kLongestMs = 3'600'000;
  constexpr double kLargestSide = 1024;
  DataOptions& data = design.training.data;
  std::string learn, split;
  members.Word("learn", learn);
  members.Number("window_ms", 0, kLongestMs, data.window_ms);
  members.Number("stride_ms", 0, kLongestMs, data.stride_ms);
  members.Number("picture_side", 0, kLargestSide, data.picture_side);
  members.Word("split", split);
  const json* const block = members.Take("block");
  const json* const network = members.Take("network");
  const json* const training = members.Take("training");
  const json* const anomaly = members.Take("anomaly");
  THIMBLE_EXPECT(members.Finish());
  if (learn == "anomaly") {
    design.goal = Goal::kNormal;
  } else if (learn == "regression") {
    design.goal = Goal::kNumbers;
  } else if (!learn.empty() && learn != "classifier") {
    return {Status::kInvalidArgument, "design.learn: must be classifier, anomaly or regression"};
  }
  if (!split.empty()) {
    auto by = dataset::ParseSplitBy(split);
    if (!by) return {Status::kInvalidArgument, "design.split: " + by.error().message};
    data.split.by = *std::move(by);
  }
  if (block != nullptr) THIMBLE_EXPECT(ReadBlock(*block, design.training.block));
  if (network != nullptr) THIMBLE_EXPECT(ReadNetwork(*network, design.training));
  if (training != nullptr) THIMBLE_EXPECT(ReadTraining(*training, design.training));
  if (anomaly != nullptr) THIMBLE_EXPECT(ReadAnomaly(*anomaly, design));
  return design;
}

const char* DesignSchema() {
  return R"({"type":"object","additionalProperties":false,"properties":{)"
         R"("learn":{"enum":["classifier","anomaly","regression"]},)"
         R"("window_ms":{"type":"number","minimum":0},"stride_ms":{"type":"number","minimum":0},)"
         R"("picture_side":{"type":"integer","minimum":0},"split":{"type":"string"},)"
         R"("block":{"type":"object","required":["name"],"properties":{"name":{"type":"string"},)"
         R"("parameters":{"type":"object"}}},)"
         R"("network":{"type":"object","properties":{"architecture":{"type":"string"},"width":{"type":"integer"},)"
         R"("depth":{"type":"integer"},"dropout":{"type":"number"}}},)"
         R"("training":{"type":"object","properties":{"epochs":{"type":"integer"},"learning_rate":{"type":"number"},)"
         R"("batch_rows":{"type":"integer"},"seed":{"type":"integer"},"validation_share":{"type":"number"},)"
         R"("augmentation":{"type":"boolean"}}},)"
         R"("anomaly":{"type":"object","properties":{"detector":{"enum":["kmeans","gmm","gmm_full","autoencoder"]},)"
         R"("components":{"type":"integer"},"accepted_share":{"type":"number"},)"
         R"("normal":{"type":"array","items":{"type":"string"}}}}}})";
}

}  // namespace thimble::studio
