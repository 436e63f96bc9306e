#include "tests/journeys/numbers.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace thimble::journeys {

void CheckNumbers(const std::string& name, const std::string& command, const Numbers& measured) {
  const std::filesystem::path path = std::filesystem::path(THIMBLE_SOURCE_DIR) / "tests" / "numbers" / (name + ".txt");
  std::ostringstream text;
  text << "# " << command << "\n";
  for (const auto& [key, value] : measured) text << key << ' ' << value << '\n';

  if (getenv("THIMBLE_WRITE_NUMBERS") != nullptr) {
    std::ofstream(path) << text.str();
    return;
  }
  std::ifstream file(path);
  ASSERT_TRUE(file) << path << " is missing; THIMBLE_WRITE_NUMBERS=1 ./run test writes it";
  std::ostringstream committed;
  committed << file.rdbuf();
  // One comparison for the whole file: gtest prints the lines that differ.
  EXPECT_EQ(text.str(), committed.str())
      << "figures changed; if that is meant, write them anew (THIMBLE_WRITE_NUMBERS=1) and say why in the commit";
}

}  // namespace thimble::journeys
