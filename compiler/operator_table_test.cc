#include "compiler/operator_table.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "kernels/all_operators.h"

namespace thimble::compiler {
namespace {

const std::filesystem::path kSource = THIMBLE_SOURCE_DIR;

TEST(OperatorTable, IsWhatTheDocumentationSays) {
  const auto page = OperatorTable(kSource / "kernels");
  ASSERT_TRUE(page.ok()) << page.error().message;
  std::ifstream file(kSource / "docs" / "operators.md");
  const std::string committed{std::istreambuf_iterator<char>(file), {}};
  EXPECT_EQ(committed, *page) << "docs/operators.md is stale: ./run docs";
}

TEST(OperatorTable, HasARowForEachOperator) {
  const auto page = OperatorTable(kSource / "kernels");
  ASSERT_TRUE(page.ok()) << page.error().message;
  for (const kernels::Operator* op : kernels::AllOperators()) {
    EXPECT_NE(page->find("| [" + std::string(op->name) + "]("), std::string::npos) << op->name;
  }
  EXPECT_NE(page->find("| [softmax](../kernels/softmax/op.h) | SOFTMAX 25 |"), std::string::npos);
}

TEST(OperatorTable, RefusesAFolderWithoutKernels) {
  const auto page = OperatorTable(kSource / "docs");
  ASSERT_FALSE(page.ok());
  EXPECT_EQ(page.error().status, Status::kNotFound);
}

}  // namespace
}  // namespace thimble::compiler
