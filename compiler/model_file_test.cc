#include "compiler/model_file.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstring>
#include <fstream>

#include "kernels/all_operators.h"
#include "runtime/test_models.h"

namespace thimble::compiler {
namespace {

namespace fs = std::filesystem;
using namespace std::string_literals;

std::string KindOf(const std::string& bytes, const std::string& name = "file") {
  const auto other = RecogniseOther(std::as_bytes(std::span(bytes)), name);
  if (!other) return "tflite";
  EXPECT_FALSE(other->what.empty());
  EXPECT_FALSE(other->cure.empty());
  return other->kind;
}

TEST(ModelFile, RecognisesWhatPeopleHaveInstead) {
  EXPECT_EQ(KindOf("\x1c\0\0\0TFL3"s), "tflite");
  EXPECT_EQ(KindOf("\x1c\0\0\0TFL3 and damaged after that"s), "tflite");
  EXPECT_EQ(KindOf(""), "empty");
  EXPECT_EQ(KindOf("abc\1"), "short");
  EXPECT_EQ(KindOf("\x7f"
                   "ELF\1\1\1"),
            "elf");
  EXPECT_EQ(KindOf("\x89HDF\r\n\x1a\n rest"), "hdf5");
  EXPECT_EQ(KindOf("PK\3\4....config.json....model.weights.h5"), "keras");
  EXPECT_EQ(KindOf("PK\3\4....model/saved_model.pb"), "saved_model");
  EXPECT_EQ(KindOf("PK\3\4....archive/data.pkl"), "pytorch");
  EXPECT_EQ(KindOf("PK\3\4....x.txt"), "zip");
  EXPECT_EQ(KindOf("\x08\x08\x12\x07pytorch\x1a\x05"s), "onnx");
  EXPECT_EQ(KindOf("anything\1", "a.onnx"), "onnx");
  EXPECT_EQ(KindOf("\x10\0\0\0ORTM"s), "ort");
  EXPECT_EQ(KindOf("\x10\0\0\0ET12"s), "executorch");
  EXPECT_EQ(KindOf("\x80\4\x95 pickled"), "pickle");
  EXPECT_EQ(KindOf("\x1f\x8b\x08 squeezed"), "gzip");
  EXPECT_EQ(KindOf("\x93NUMPY\1\0"s), "npy");
  EXPECT_EQ(KindOf("\x0a\x9f\x01 graph", "frozen.pb"), "graph_def");
  EXPECT_EQ(KindOf("version https://git-lfs.github.com/spec/v1\noid sha256:00\n"), "git_lfs");
  EXPECT_EQ(KindOf("<!DOCTYPE html><html>"), "html");
  EXPECT_EQ(KindOf("{\"format\":\"layers-model\",\"modelTopology\":{}}"), "tfjs");
  EXPECT_EQ(KindOf("unsigned char model[] = {\n  0x1c, 0x00, 0x00, 0x00, 0x54, 0x46, 0x4c, 0x33,"), "c_array");
  EXPECT_EQ(KindOf("Dear diary, today"), "text");
  EXPECT_EQ(KindOf("\xde\xad\xbe\xef\1\2\3\4\5"), "unknown");
}

class ModelFileTest : public testing::Test {
 protected:
  ModelFileTest() { fs::create_directories(root_); }
  ~ModelFileTest() override { fs::remove_all(root_); }
  const fs::path root_ = fs::path(testing::TempDir()) /
                         (std::string("model_file_") + testing::UnitTest::GetInstance()->current_test_info()->name());
};

TEST_F(ModelFileTest, SaysWhatAFolderIs) {
  fs::create_directories(root_ / "saved");
  std::ofstream(root_ / "saved" / "saved_model.pb") << "x";
  EXPECT_EQ(ReadModelFile(root_ / "saved")->other->kind, "saved_model");
  EXPECT_EQ(ReadModelFile(root_)->other->kind, "folder");
}

TEST_F(ModelFileTest, DistinguishesMissingFromWrong) {
  EXPECT_EQ(ReadTflite(root_ / "none").error().status, Status::kNotFound);
  std::ofstream(root_ / "text") << "hello";
  const auto refused = ReadTflite(root_ / "text");
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().status, Status::kVerificationFailed);
  EXPECT_NE(refused.error().message.find("is not a .tflite but a text file; give a .tflite"), std::string::npos);
  // Devices would be read for ever.
  EXPECT_EQ(ReadModelFile("/dev/zero")->other->kind, "device");
}

TEST(LoadNetwork, TakesExactlyTheArenaItNeeds) {
  if (runtime::GoldenModels().empty()) GTEST_SKIP() << "no golden models: set THIMBLE_SHARED";
  const auto model = ReadTflite(runtime::GoldenModels() / "hello_int8" / "model.tflite");
  ASSERT_TRUE(model.ok()) << model.error().message;
  const auto loaded = LoadNetwork(model->span(), kernels::AllOperators());
  ASSERT_TRUE(loaded.ok()) << loaded.error().message;
  EXPECT_EQ(loaded->arena.span().size(), loaded->network.arena_bytes());
}

}  // namespace
}  // namespace thimble::compiler
