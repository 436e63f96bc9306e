#include "compiler/operator_use.h"

#include <gtest/gtest.h>

#include "compiler/code_size.h"

namespace thimble::compiler {
namespace {

using kernels::Type;

TEST(OperatorList, NamesTypesOfOperatorsThatSeparateThem) {
  const OperatorUse use = {{"fully_connected", {Type::kInt16, Type::kFloat32}}, {"softmax", {Type::kInt8}}};
  EXPECT_EQ(OperatorIncludes(use),
            "#include \"kernels/fully_connected/op.h\"\n"
            "#include \"kernels/softmax/op.h\"\n");
  EXPECT_EQ(OperatorList(use),
            "constexpr const kernels::Operator* kOperators[] = {\n"
            "    &kernels::kOperator<kernels::FullyConnected, kernels::Type::kFloat32, kernels::Type::kInt16>,\n"
            "    &kernels::kOperator<kernels::Softmax>,\n"
            "};\n");
}

// What programs link, measured with the libraries of the device build.
class LinkedCode : public testing::Test {
 protected:
  void SetUp() override {
    const Expected<size_t> bytes = MeasureCode({{"reshape", {}}});
    if (!bytes.ok()) GTEST_SKIP() << bytes.error().message;
  }
  static size_t BytesOf(const OperatorUse& use) {
    const Expected<size_t> bytes = MeasureCode(use);
    EXPECT_TRUE(bytes.ok()) << bytes.error().message;
    return bytes.ok() ? *bytes : 0;
  }
};

TEST_F(LinkedCode, OfOneInt8LayerIsBelowTenKilobytes) {
  EXPECT_LE(BytesOf({{"fully_connected", {Type::kInt8}}}), size_t{10} * 1024);
}

TEST_F(LinkedCode, HoldsOnlyTheTypesThatAreNamed) {
  for (const char* folder : {"fully_connected", "conv_2d", "depthwise_conv_2d"}) {
    EXPECT_LT(BytesOf({{folder, {Type::kInt8}}}) + 500, BytesOf({{folder, {}}})) << folder;
  }
}

TEST_F(LinkedCode, HoldsSubgraphsAndVariablesOnlyForOperatorsThatNeedThem) {
  const size_t plain = BytesOf({{"reshape", {}}});
  EXPECT_GT(BytesOf({{"reshape", {}}, {"read_variable", {}}}), plain + 500);
  EXPECT_GT(BytesOf({{"reshape", {}}, {"if", {}}}), plain + 500);
  EXPECT_LT(BytesOf({{"reshape", {}}, {"squeeze", {}}}), plain + 500);
}

}  // namespace
}  // namespace thimble::compiler
