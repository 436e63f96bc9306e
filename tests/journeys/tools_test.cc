// run, doctor and prove as a person uses them, with right and with wrong files.
#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "tests/journeys/command.h"

namespace thimble::journeys {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

class Tools : public testing::Test {
 protected:
  void SetUp() override {
    const fs::path shared = SharedFolder();
    if (shared.empty()) GTEST_SKIP() << "no golden models: set THIMBLE_SHARED";
    models_ = shared / "golden" / "models";
  }
  CommandResult Thimble(const std::vector<std::string>& arguments) const {
    return RunThimble(arguments, folder_.path());
  }
  std::string Model(const std::string& name) const { return (models_ / name / "model.tflite").string(); }
  /// The first golden file of a model that begins so: "input_", "output_".
  std::string Golden(const std::string& name, const std::string& prefix) const {
    std::string first;
    for (const auto& entry : fs::directory_iterator(models_ / name)) {
      const std::string file = entry.path().filename().string();
      if (file.starts_with(prefix) && (first.empty() || entry.path().string() < first)) first = entry.path().string();
    }
    return first;
  }
  static std::string Read(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  fs::path Write(const std::string& name, const std::string& bytes) const {
    std::ofstream(folder_.path() / name, std::ios::binary) << bytes;
    return folder_.path() / name;
  }

  fs::path models_;
  TemporaryFolder folder_;
};

TEST_F(Tools, RunGivesTheGoldenOutputOfEachEngine) {
  for (const char* engine : {"reference", "fast"}) {
    const CommandResult result = Thimble({"run", Model("ad01_int8"), "--input", Golden("ad01_int8", "input_"),
                                          "--output", "out.bin", "--engine", engine});
    ASSERT_EQ(result.exit_code, 0) << result.err;
    EXPECT_EQ(Read(folder_.path() / "out.bin"), Read(Golden("ad01_int8", "output_"))) << engine;
  }
}

TEST_F(Tools, RunWritesAndReadsNpy) {
  ASSERT_EQ(
      Thimble({"run", Model("hello_int8"), "--input", Golden("hello_int8", "input_"), "--output", "out.npy"}).exit_code,
      0);
  const std::string npy = Read(folder_.path() / "out.npy");
  ASSERT_EQ(npy.size(), 128u + 1);
  EXPECT_NE(npy.find("'descr': '|i1', 'fortran_order': False, 'shape': (1, 1)"), std::string::npos);
  // hello takes what it gives: one int8.
  const CommandResult again = Thimble({"run", Model("hello_int8"), "--input", "out.npy", "--json"});
  ASSERT_EQ(again.exit_code, 0) << again.err;
  const json outputs = json::parse(again.out)["outputs"];
  ASSERT_EQ(outputs.size(), 1u);
  EXPECT_EQ(outputs[0]["type"], "int8");
  EXPECT_EQ(outputs[0]["values"].size(), 1u);
}

TEST_F(Tools, RunPrintsOutputsThatHaveNoFile) {
  const CommandResult result = Thimble({"run", Model("ad01_int8"), "--input", Golden("ad01_int8", "input_")});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_NE(result.out.find("output 0  int8[1,640]"), std::string::npos) << result.out;
  EXPECT_NE(result.out.find("(640 in all)"), std::string::npos) << result.out;
}

TEST_F(Tools, RunRefusesWrongFilesWithASentenceAndLeavesNothingBehind) {
  const std::string model = Model("hello_int8");
  const std::string input = Golden("hello_int8", "input_");
  const auto refused = [&](const std::vector<std::string>& arguments, int exit_code, const std::string& sentence) {
    const CommandResult result = Thimble(arguments);
    EXPECT_EQ(result.exit_code, exit_code) << result.err;
    EXPECT_NE(result.err.find(sentence), std::string::npos) << result.err;
  };
  const std::string short_input = Write("short.bin", "abc").string();
  refused({"run", model, "--input", short_input, "--output", "o"}, 5, "has 3 bytes, but input 0 is int8[1,1]");
  refused({"run", model, "--output", "o"}, 2, "give --input once: input 0 is int8[1,1]");
  refused({"run", model, "--input", input, "--input", input}, 2, "give --input once");
  refused({"run", model, "--input", input, "--output", "o", "--output", "p"}, 2, "more --output than outputs");
  refused({"run", model, "--input", "none.bin"}, 3, "none.bin: no such file");
  refused({"run", "none.tflite", "--input", input}, 3, "none.tflite: no such file");
  refused({"run", short_input, "--input", input}, 5, "is not a .tflite");
  refused({"run", model, "--input", input, "--output", "no/such/o"}, 3, "no/such: there is no such folder");
  refused({"run", model, "--input", input, "--output", "."}, 2, "is a folder");
  refused({"run", model, "--input", input, "--engine", "warp"}, 2, "warp");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_.path()), fs::directory_iterator()), 1) << "only short.bin";
}

TEST_F(Tools, CompileWritesCppOrAPackageAndSaysWhatItTakes) {
  const CommandResult result =
      Thimble({"compile", Model("kws_dscnn_int8"), "--out", "plan", "--name", "kws", "--json"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const json report = json::parse(result.out);
  EXPECT_EQ(report["name"], "kws");
  EXPECT_EQ(report["steps"].size(), 12u);
  EXPECT_LE(report["arena_bytes"], 12000);
  EXPECT_LE(report["least_arena_bytes"], report["arena_bytes"]);
  EXPECT_EQ(report["macs"], 2656768);
  EXPECT_NE(Read(folder_.path() / "plan/kws.cc").find("namespace kws"), std::string::npos);
  EXPECT_TRUE(fs::exists(folder_.path() / "plan/kws.h"));
  const CommandResult package = Thimble({"compile", Model("kws_dscnn_int8"), "--out", "plan", "--package"});
  ASSERT_EQ(package.exit_code, 0) << package.err;
  EXPECT_TRUE(Read(folder_.path() / "plan/model.thimble-plan").starts_with("TPLN"));
  EXPECT_NE(package.out.find("bytes of RAM, exactly"), std::string::npos) << package.out;
}

TEST_F(Tools, CompileRefusesWithASentence) {
  const auto refused = [&](const std::vector<std::string>& arguments, int exit_code, const std::string& sentence) {
    std::vector<std::string> all = {"compile", Model("hello_int8"), "--out", "plan"};
    all.insert(all.end(), arguments.begin(), arguments.end());
    const CommandResult result = Thimble(all);
    EXPECT_EQ(result.exit_code, exit_code) << result.err;
    EXPECT_NE(result.err.find(sentence), std::string::npos) << result.err;
    EXPECT_FALSE(fs::exists(folder_.path() / "plan"));
  };
  refused({"--target", "abacus"}, 2, "abacus: there are no kernels for this core; there are some for cortex-m0");
  refused({"--ram", "1"}, 1, "bytes of RAM at least");
  refused({"--name", "7"}, 2, "cannot be a name in C++");
  refused({"--without-pass", "magic"}, 2, "no pass 'magic'");
  refused({"--prefer", "beauty"}, 2, "beauty");
}

TEST_F(Tools, DoctorDescribesAHealthyModel) {
  const CommandResult result =
      Thimble({"doctor", Model("kws_dscnn_int8"), "--board", "mps2_an386", "--svg", "arena.svg", "--json"});
  ASSERT_EQ(result.exit_code, 0) << result.err << result.out;
  const json report = json::parse(result.out);
  EXPECT_EQ(report["healthy"], true);
  EXPECT_EQ(report["numbers"], "int8");
  EXPECT_EQ(report["operators"].size(), 13u);
  EXPECT_EQ(report["parameters"], 22604);
  EXPECT_LE(report["arena"]["bytes"], 16000 * 11 / 10 + 1024);
  EXPECT_LE(report["arena"]["lower_bound_bytes"], report["arena"]["bytes"]);
  EXPECT_EQ(report["boards"][0]["fits"], true);
  EXPECT_TRUE(report["findings"].empty()) << report["findings"];
  EXPECT_TRUE(Read(folder_.path() / "arena.svg").starts_with("<svg"));
  const CommandResult text = Thimble({"doctor", Model("kws_dscnn_int8")});
  EXPECT_NE(text.out.find("an int8 network, int8[1,49,10,1]"), std::string::npos) << text.out;
  EXPECT_NE(text.out.find("depthwise_conv_2d"), std::string::npos);
  EXPECT_NE(text.out.find("healthy"), std::string::npos);
}

TEST_F(Tools, DoctorMeasuresTheCodeThatAModelLinks) {
  const json hello = json::parse(Thimble({"doctor", Model("hello_int8"), "--json"}).out);
  const json kws = json::parse(Thimble({"doctor", Model("kws_dscnn_int8"), "--json"}).out);
  if (hello["flash_bytes"]["code"].is_null()) GTEST_SKIP() << "no device build: ./run build";
  EXPECT_GT(hello["flash_bytes"]["code"], 4000);
  EXPECT_GT(kws["flash_bytes"]["code"], hello["flash_bytes"]["code"]);
}

TEST_F(Tools, DoctorPredictsWhatTheCompiledModelTakesLayerByLayer) {
  const json report = json::parse(Thimble({"doctor", Model("kws_dscnn_int8"), "--board", "az3166", "--json"}).out);
  const json& compiled = report["compiled"];
  EXPECT_EQ(compiled["target"], "cortex-m4");
  // The same plan as the compiler's.
  const json plan = json::parse(Thimble({"compile", Model("kws_dscnn_int8"), "--json"}).out);
  EXPECT_EQ(compiled["cycles"], plan["cycles"]);
  EXPECT_EQ(compiled["arena_bytes"], plan["arena_bytes"]);
  EXPECT_EQ(compiled["constants_bytes"], plan["constants_bytes"]);
  ASSERT_EQ(compiled["layers"].size(), plan["steps"].size());
  int64_t cycles = 0, macs = 0;
  for (const json& layer : compiled["layers"]) {
    EXPECT_FALSE(layer["step"].get<std::string>().empty());
    EXPECT_GT(layer["cycles"], 0) << layer;
    cycles += layer["cycles"].get<int64_t>();
    macs += layer["macs"].get<int64_t>();
  }
  EXPECT_NEAR(static_cast<double>(cycles), compiled["cycles"].get<double>(), 200);
  EXPECT_EQ(macs, report["macs"]);
  EXPECT_LT(compiled["ram_bytes"], report["arena"]["bytes"]);
  const json board = report["boards"][0];
  EXPECT_EQ(board["fits_compiled"], true);
  EXPECT_NEAR(board["milliseconds"].get<double>(), compiled["cycles"].get<double>() / 96e3, 1e-6) << "96 MHz";
  const CommandResult text = Thimble({"doctor", Model("kws_dscnn_int8"), "--board", "az3166"});
  EXPECT_NE(text.out.find("depthwise_conv_2d 3x3: 25x5x64"), std::string::npos) << text.out;
  EXPECT_NE(text.out.find("a run, expected when compiled for cortex-m4"), std::string::npos) << text.out;
}

TEST_F(Tools, DoctorPredictsNoCyclesOfCoresThatNobodyCounts) {
  const json report = json::parse(Thimble({"doctor", Model("hello_int8"), "--board", "mps3_an547", "--json"}).out);
  EXPECT_EQ(report["compiled"]["target"], "cortex-m55");
  EXPECT_TRUE(report["compiled"]["cycles"].is_null());
  EXPECT_TRUE(report["compiled"]["layers"][0]["cycles"].is_null());
  EXPECT_FALSE(report["boards"][0].contains("milliseconds"));
  EXPECT_NE(Thimble({"doctor", Model("hello_int8"), "--board", "mps3_an547"}).out.find("not predicted for cortex-m55"),
            std::string::npos);
}

TEST_F(Tools, DoctorRefusesABoardThatIsTooSmallOrUnknown) {
  const CommandResult small = Thimble({"doctor", Model("vww_96_int8"), "--board", "microbit"});
  EXPECT_EQ(small.exit_code, 5);
  EXPECT_NE(small.out.find("microbit: does not fit"), std::string::npos) << small.out;
  const json board =
      json::parse(Thimble({"doctor", Model("vww_96_int8"), "--board", "microbit", "--json"}).out)["boards"][0];
  for (const char* key : {"fits", "fits_compiled", "fits_interpreted"}) EXPECT_EQ(board[key], false) << key;
  const CommandResult unknown = Thimble({"doctor", Model("vww_96_int8"), "--board", "toaster"});
  EXPECT_EQ(unknown.exit_code, 3);
  EXPECT_NE(unknown.err.find("toaster: no such board; there are az3166"), std::string::npos) << unknown.err;
}

TEST_F(Tools, DoctorSaysWhatFilesAreThatAreNoModels) {
  const std::string whole = Read(Model("hello_int8"));
  struct Wrong {
    std::string bytes, sentence;
  };
  for (const Wrong& wrong :
       {Wrong{"", "an empty file"}, Wrong{"Dear diary", "a text file"},
        Wrong{std::string("\x7f") + "ELF\1\1\1", "a program (ELF)"},
        Wrong{whole.substr(0, whole.size() / 2), "copy or convert the model again"}, Wrong{whole.substr(0, 6), "short"},
        Wrong{std::string("\x08\x07\x12\x07pytorch"), "onnx2tf"}, Wrong{"\x89HDF\r\n\x1a\n...", "from_keras_model"},
        Wrong{"PK\3\4 saved_model.pb", "from_saved_model"}}) {
    const std::string file = Write("wrong", wrong.bytes).string();
    const CommandResult text = Thimble({"doctor", file});
    EXPECT_EQ(text.exit_code, 5) << wrong.sentence;
    std::string flowing = text.out;  // lines may break anywhere
    for (size_t at; (at = flowing.find("\n             ")) != std::string::npos;) flowing.replace(at, 14, " ");
    EXPECT_NE(flowing.find(wrong.sentence), std::string::npos) << text.out;
    const CommandResult result = Thimble({"doctor", file, "--json"});
    EXPECT_EQ(result.exit_code, 5);
    const json report = json::parse(result.out);
    EXPECT_EQ(report["healthy"], false);
    EXPECT_FALSE(report["findings"].empty());
  }
  EXPECT_EQ(Thimble({"doctor", "none"}).exit_code, 3);
  EXPECT_EQ(Thimble({"doctor"}).exit_code, 2);
}

TEST_F(Tools, ProveFindsTheBoardIdentical) {
  const CommandResult result =
      Thimble({"prove", Model("ad01_int8"), "--cases", "3", "--input", Golden("ad01_int8", "input_"), "--expect",
               Golden("ad01_int8", "output_"), "--json"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const json report = json::parse(result.out);
  EXPECT_EQ(report["identical"], true);
  EXPECT_EQ(report["cases"], 4);
  EXPECT_EQ(report["layers"], 10);
  EXPECT_EQ(report["hashes"], 40);
  // The same seed gives the same proof, another one another.
  const auto fingerprint = [&](const char* seed) {
    return json::parse(Thimble({"prove", Model("hello_int8"), "--seed", seed, "--json"}).out)["fingerprint"];
  };
  EXPECT_EQ(fingerprint("7"), fingerprint("7"));
  EXPECT_NE(fingerprint("7"), fingerprint("8"));
}

TEST_F(Tools, ProveNamesTheElementOfAWrongGoldenCase) {
  std::string expected = Read(Golden("ad01_int8", "output_"));
  expected[17] = static_cast<char>(expected[17] + 1);
  const CommandResult result = Thimble({"prove", Model("ad01_int8"), "--cases", "0", "--input",
                                        Golden("ad01_int8", "input_"), "--expect", Write("e", expected).string()});
  EXPECT_EQ(result.exit_code, 5);
  EXPECT_NE(result.err.find("output 0, element 17 should be "), std::string::npos) << result.err;
}

TEST_F(Tools, ProveRefusesWhatItCannotDo) {
  EXPECT_EQ(Thimble({"prove", Model("hello_int8"), "--board", "toaster"}).exit_code, 3);
  EXPECT_EQ(Thimble({"prove", "none.tflite"}).exit_code, 3);
  EXPECT_EQ(Thimble({"prove", Model("hello_int8"), "--expect", "x"}).exit_code, 2);
  EXPECT_EQ(Thimble({"prove", Write("t", "text").string()}).exit_code, 5);
}

}  // namespace
}  // namespace thimble::journeys
