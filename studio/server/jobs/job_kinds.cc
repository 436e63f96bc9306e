// The table of all kinds of long work.
#include "studio/server/jobs/jobs.h"
#include "studio/server/jobs/learning_tools.h"

namespace thimble::studio {
namespace {

// Schemas (JSON Schema) of parameters. An impulse of the project, or a design as in design.h; neither: all is chosen.
#define THIMBLE_LEARNING_MEMBERS                                                      \
  R"("impulse":{"type":"integer","description":"of the project; or give a design"},)" \
  R"("design":{"$ref":"#/components/schemas/ImpulseDesign"},)"                        \
  R"("version":{"type":"integer","description":"of the project, whose data set is taken; 0: as it is now"})"
#define THIMBLE_TRAINING_MEMBER \
  R"("training":{"type":"integer","description":"the job that trained; 0 or left out: the newest"})"

constexpr JobKind kKinds[] = {
    {"features", Permission::kWrite, "Makes the features of all windows, and a picture of them.",
     R"({"type":"object","properties":{)" THIMBLE_LEARNING_MEMBERS "}}",
     "artefacts features (features.json: a window's sample, start, part, label, x, y) and feature_table (features.csv)",
     CheckTrain, RunFeatures},
    {"train", Permission::kWrite, "Trains an impulse with the data set and tests it.",
     R"({"type":"object","properties":{)" THIMBLE_LEARNING_MEMBERS "}}",
     "artefacts impulse (impulse.json), model and float_model (.tflite), report (report.json)", CheckTrain, RunTrain},
    {"test", Permission::kWrite, "Tests what was trained on the testing samples.",
     R"({"type":"object","properties":{)" THIMBLE_TRAINING_MEMBER R"(,"version":{"type":"integer"}}})",
     "artefact test (test.json: the figures, and the answer for each sample)", CheckTest, RunTest},
    {"tune", Permission::kWrite, "Searches for the impulse that does best within a board's limits, and trains it.",
     R"({"type":"object","properties":{)" THIMBLE_LEARNING_MEMBERS
     R"(,"board":{"type":"string"},"ram_bytes":{"type":"integer"},"flash_bytes":{"type":"integer"},)"
     R"("parameters":{"type":"integer"},"latency_ms":{"type":"number"},"seconds":{"type":"number"},)"
     R"("trials":{"type":"integer"}}})",
     "artefact search (search.json: all trials, and the design that was chosen), and those of train", CheckTune,
     RunTune},
    {"build", Permission::kDeploy, "Builds what devices run.",
     R"({"type":"object","properties":{)" THIMBLE_TRAINING_MEMBER
     R"(,"kind":{"enum":["c","arduino","platformio","cmake","zephyr","esp-idf","firmware","eim"]},)"
     R"("board":{"type":"string"},"prefer":{"enum":["speed","size"]}}})",
     "artefact build (a .zip, of firmware a .bin beside the artefact elf, or a .eim)", CheckBuild, RunBuild},
    {"import", Permission::kWrite, "Takes the samples of an archive into the data set.",
     R"({"type":"object","required":["artefact"],"properties":{)"
     R"("artefact":{"type":"integer","description":"the archive, kept as an artefact of the kind archive"},)"
     R"("category":{"enum":["training","testing"]}}})",
     "samples; those that the data set holds already are passed over", CheckImport, RunImport},
    {"export", Permission::kWrite, "Packs data set and impulses into an archive that can be imported again.",
     R"({"type":"object","properties":{"version":{"type":"integer"}}})", "artefact archive (a .zip)", CheckExport,
     RunExport},
};

#undef THIMBLE_LEARNING_MEMBERS
#undef THIMBLE_TRAINING_MEMBER

}  // namespace

std::span<const JobKind> JobKinds() { return kKinds; }

}  // namespace thimble::studio
