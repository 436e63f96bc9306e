// What an export is made of: sources that are found by their #include lines, texts with holes, floats as text.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <limits>
#include <map>
#include <set>
#include <string>

#include "compiler/export_interface.h"
#include "compiler/export_sources.h"
#include "compiler/export_text.h"
#include "compiler/temporary_folder.h"

namespace thimble::compiler {
namespace {

namespace fs = std::filesystem;
using Texts = std::map<std::string, std::string>;

class Sources : public testing::Test {
 protected:
  void Add(const fs::path& path, const std::string& text) const {
    fs::create_directories((root_.path() / path).parent_path());
    std::ofstream(root_.path() / path) << text;
  }
  Expected<Texts> Collect(const std::string& program, const SourceLayout& layout = {},
                          const std::set<std::string>& besides = {}) const {
    return CollectSources(root_.path(), {{"net.cc", program}}, besides, layout);
  }
  static std::string Names(const Texts& files) {
    std::string names;
    for (const auto& [path, text] : files) names += path + " ";
    return names;
  }

  TemporaryFolder root_ = *TemporaryFolder::Make();
};

TEST_F(Sources, AHeaderBringsItsSourceAndAStepsFolderAllThatRunsThere) {
  Add("base/a.h", "// a\n");
  Add("base/a.cc", "#include \"base/a.h\"\n");
  Add("base/b.h", "// not asked for\n");
  Add("steps/dense/step.h", "#include \"base/a.h\"\n");
  Add("steps/dense/step.cc", "#include \"steps/dense/tiles.h\"\n");
  Add("steps/dense/tiles.h", "// tiles\n");
  Add("steps/dense/cortex_m4.S", "// loops\n");
  for (const char* ours : {"pack.cc", "pack.h", "dense_test.cc", "dense_fuzz.cc", "dense_benchmark.cc"}) {
    Add(fs::path("steps/dense") / ours, "// ours only\n");
  }
  const Expected<Texts> files = Collect("#include \"steps/dense/step.h\"\n");
  ASSERT_TRUE(files) << files.error().message;
  EXPECT_EQ(Names(*files),
            "src/net.cc src/thimble/base/a.cc src/thimble/base/a.h src/thimble/steps/dense/cortex_m4.S "
            "src/thimble/steps/dense/step.cc src/thimble/steps/dense/step.h src/thimble/steps/dense/tiles.h ");
}

TEST_F(Sources, IncludesBecomeRelativeAndOthersStay) {
  Add("base/a.h", "#include <span>\n#include \"base/b.h\"");
  Add("base/b.h", "// b\n");
  const Expected<Texts> files = Collect("#include \"net.h\"\n#include \"base/a.h\"\nint x;\n");
  ASSERT_TRUE(files) << files.error().message;
  EXPECT_EQ(files->at("src/thimble/base/a.h"), "#include <span>\n#include \"b.h\"");
  EXPECT_NE(files->at("src/net.cc").find("#include \"net.h\"\n#include \"thimble/base/a.h\"\nint x;\n"),
            std::string::npos);
}

TEST_F(Sources, AnOlderCompilerReadsOneSentenceAndNoMore) {
  const Expected<Texts> files = Collect("int x;\n", {.cpp_ending = ".cpp", .needs = "get a newer one"});
  ASSERT_TRUE(files) << files.error().message;
  EXPECT_EQ(files->at("src/net.cpp"),
            "#if __cplusplus <= 201703L\n#error \"get a newer one\"\n#else\n\nint x;\n\n#endif\n");
}

TEST_F(Sources, WhatIsDefinedElsewhereIsAddedWithAllThatItIncludes) {
  Add("runtime/loops.cc", "#include \"runtime/loops.h\"\n");
  Add("runtime/loops.h", "// loops\n");
  const Expected<Texts> files = Collect("int x;\n", {}, {"runtime/loops.cc"});
  ASSERT_TRUE(files) << files.error().message;
  EXPECT_EQ(Names(*files), "src/net.cc src/thimble/runtime/loops.cc src/thimble/runtime/loops.h ");
}

TEST_F(Sources, AMissingFileIsNamed) {
  const Expected<Texts> files = Collect("#include \"base/gone.h\"\n");
  ASSERT_FALSE(files);
  EXPECT_EQ(files.error().status, Status::kNotFound);
  EXPECT_NE(files.error().message.find("base/gone.h: this source of Thimble is missing"), std::string::npos);
}

TEST(Texts, HolesAreFilledOnceAndLonelySignsStay) {
  EXPECT_EQ(Fill("@a@ and @b@: @mkdir $@, x@y", {{"a", "@b@"}, {"b", "2"}}), "@b@ and 2: @mkdir $@, x@y");
}

TEST(Texts, FloatsAreReadBackAsTheyWere) {
  for (const float value : {0.0F, 1.0F, -0.5F, 0.0244801156F, 1e-30F, 3.4e38F, 1.0F / 3,
                            std::numeric_limits<float>::denorm_min(), 16777216.0F}) {
    const std::string text = FloatLiteral(value);
    EXPECT_TRUE(text.ends_with('f')) << text;
    EXPECT_NE(text.find_first_of(".e"), std::string::npos) << text << ": an integer with an f is no number";
    EXPECT_EQ(std::strtof(text.c_str(), nullptr), value) << text;
  }
}

}  // namespace
}  // namespace thimble::compiler
