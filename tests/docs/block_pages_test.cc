// The committed pages are those that the blocks make today.
#include "tests/docs/block_pages.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

namespace thimble::docs {
namespace {

namespace fs = std::filesystem;

TEST(BlockPages, InDocsAreCurrent) {
  const fs::path source = THIMBLE_SOURCE_DIR;
  const auto pages = BlockPages((source / "dsp").string());
  ASSERT_TRUE(pages.ok()) << pages.error().message;
  for (const auto& [name, text] : *pages) {
    std::ifstream file(source / "docs" / "blocks" / name, std::ios::binary);
    const std::string committed{std::istreambuf_iterator<char>(file), {}};
    EXPECT_TRUE(committed == text) << "docs/blocks/" << name << " is out of date; run ./run docs";
  }
  for (const auto& entry : fs::directory_iterator(source / "docs" / "blocks")) {
    EXPECT_TRUE(pages->contains(entry.path().filename().string())) << entry.path() << " belongs to no block; delete it";
  }
}

TEST(BlockPages, HaveAPageAndADrawingOfEveryBlock) {
  const auto pages = BlockPages(THIMBLE_SOURCE_DIR "/dsp");
  ASSERT_TRUE(pages.ok()) << pages.error().message;
  size_t pages_of_blocks = 0;
  for (const auto& [name, text] : *pages) {
    if (!name.ends_with(".md") || name == "README.md") continue;
    ++pages_of_blocks;
    const std::string block = name.substr(0, name.size() - 3);
    EXPECT_TRUE(pages->contains(block + ".svg")) << block << " accepts none of the sample windows";
    EXPECT_NE(pages->at("README.md").find("(" + name + ")"), std::string::npos) << name;
    EXPECT_NE(text.find("| parameter |"), std::string::npos) << name;
  }
  EXPECT_GE(pages_of_blocks, 7u);
}

TEST(BlockPages, SayWhereTheyMissedAHeader) {
  const auto pages = BlockPages("nowhere");
  ASSERT_FALSE(pages.ok());
  EXPECT_EQ(pages.error().status, Status::kNotFound);
  EXPECT_TRUE(pages.error().message.starts_with("nowhere/")) << pages.error().message;
}

}  // namespace
}  // namespace thimble::docs
