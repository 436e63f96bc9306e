// Runs every operator on its golden files. Knows no operator by name.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <random>
#include <sstream>
#include <string>
#include <type_traits>
#include <vector>

#include "kernels/all_operators.h"
#include "kernels/ops_headers.inc"

namespace thimble::kernels {
namespace {

/// A tensor that owns what a Tensor points at, read from a line such as
///   int8 [1,3] scale 1,0.5 zero 0 dim 0 : 1 2 3
/// A variable says after `then` what must be left in it: float32 [1,2] : 0 1 then 1 5
struct GoldenTensor {
  std::vector<int32_t> dims;
  std::vector<float> scales;
  std::vector<double> values, left;
  std::vector<uint64_t> memory;  // 8-byte elements, so that it is aligned for every type
  Tensor view;
};

struct GoldenCase {
  std::string name;
  int line = 0;
  std::map<std::string, double> params;
  std::vector<GoldenTensor> in, out;
};

template <typename Visit>
void WithElement(Type type, Visit visit) {
  switch (type) {
    case Type::kFloat32:
      return visit(float{});
    case Type::kInt32:
      return visit(int32_t{});
    case Type::kInt16:
      return visit(int16_t{});
    case Type::kInt64:
      return visit(int64_t{});
    case Type::kInt8:
      return visit(int8_t{});
    case Type::kUInt8:
    case Type::kBool:
      return visit(uint8_t{});
    case Type::kResource:
    case Type::kAbsent:
      return;
  }
}

std::vector<double> Numbers(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c == ',' || c == '[' || c == ']'; }, ' ');
  std::istringstream in(text);
  return {std::istream_iterator<double>(in), {}};
}

GoldenTensor ReadTensor(const std::string& text) {
  static const std::map<std::string, Type> kTypes = {
      {"float32", Type::kFloat32}, {"int32", Type::kInt32}, {"uint8", Type::kUInt8}, {"int64", Type::kInt64},
      {"bool", Type::kBool},       {"int16", Type::kInt16}, {"int8", Type::kInt8},   {"absent", Type::kAbsent}};
  GoldenTensor tensor;
  std::istringstream in(text);
  std::string word;
  in >> word;
  EXPECT_TRUE(kTypes.contains(word)) << word;
  tensor.view.type = kTypes.at(word);
  while (in >> word && word != ":") {
    if (word[0] == '[') {
      for (const double dim : Numbers(word)) tensor.dims.push_back(static_cast<int32_t>(dim));
      continue;
    }
    std::string value;
    in >> value;
    if (word == "scale") {
      for (const double scale : Numbers(value)) tensor.scales.push_back(static_cast<float>(scale));
    } else if (word == "zero") {
      tensor.view.zero_point = std::stoi(value);
    } else if (word == "dim") {
      tensor.view.quantised_dimension = std::stoi(value);
    } else {
      ADD_FAILURE() << "unknown word " << word;
    }
  }
  tensor.values = {std::istream_iterator<double>(in), {}};
  in.clear();
  if (in >> word) {
    EXPECT_EQ(word, "then");
    tensor.view.variable = true;
    tensor.left = {std::istream_iterator<double>(in), {}};
    EXPECT_EQ(tensor.left.size(), tensor.values.size());
  }
  return tensor;
}

std::vector<GoldenCase> ReadGolden(const std::filesystem::path& path) {
  std::vector<GoldenCase> cases;
  std::ifstream file(path);
  std::string line, word;
  for (int number = 1; std::getline(file, line); ++number) {
    std::istringstream in(line);
    if (!(in >> word) || word[0] == '#') continue;
    std::string rest;
    std::getline(in >> std::ws, rest);
    if (word == "case") {
      cases.push_back({rest, number, {}, {}, {}});
    } else if (cases.empty()) {
      ADD_FAILURE() << path << ":" << number << ": the file must begin with a case";
    } else if (word == "param") {
      cases.back().params[rest.substr(0, rest.find(' '))] = std::stod(rest.substr(rest.find(' ')));
    } else if (word == "in" || word == "const" || word == "out") {
      std::vector<GoldenTensor>& tensors = word == "out" ? cases.back().out : cases.back().in;
      tensors.push_back(ReadTensor(rest));
      tensors.back().view.constant = word == "const";
    } else {
      ADD_FAILURE() << path << ":" << number << ": unknown word " << word;
    }
  }
  return cases;
}

/// Views of the tensors; inputs get their values, outputs a pattern that no kernel should leave behind.
std::vector<Tensor> Views(std::vector<GoldenTensor>& tensors, bool fill) {
  std::vector<Tensor> views;
  for (GoldenTensor& tensor : tensors) {
    tensor.memory.assign(tensor.values.size() + 1, 0x5a5a5a5a5a5a5a5a);
    tensor.view.data = tensor.memory.data();
    tensor.view.shape = {tensor.dims.data(), static_cast<int32_t>(tensor.dims.size())};
    tensor.view.scales = tensor.scales.data();
    tensor.view.scale_count = static_cast<int32_t>(tensor.scales.size());
    if (tensor.view.present()) {
      EXPECT_EQ(tensor.view.shape.Count(), static_cast<int32_t>(tensor.values.size())) << "values and shape differ";
    }
    WithElement(tensor.view.type, [&](auto element) {
      for (size_t i = 0; fill && i < tensor.values.size(); ++i) {
        tensor.view.As<decltype(element)>()[i] = static_cast<decltype(element)>(tensor.values[i]);
      }
    });
    views.push_back(tensor.view);
  }
  return views;
}

template <typename T>
typename T::Params ParamsOf(const GoldenCase& golden) {
  typename T::Params params;
  std::map<std::string, double> unused = golden.params;
  T::Fields(
      [&](const char* name, int, auto& member) {
        if (const auto it = unused.find(name); it != unused.end()) {
          using Member = std::remove_reference_t<decltype(member)>;
          if constexpr (std::is_enum_v<Member>) {
            member = static_cast<Member>(static_cast<int>(it->second));
          } else {
            member = static_cast<Member>(it->second);
          }
          unused.erase(it);
        }
      },
      params);
  for (const auto& [name, value] : unused) ADD_FAILURE() << T::kName << " has no parameter " << name;
  return params;
}

void ExpectValues(const Tensor& tensor, const std::vector<double>& values) {
  WithElement(tensor.type, [&](auto element) {
    for (size_t i = 0; i < values.size(); ++i) {
      const double value = static_cast<double>(tensor.As<decltype(element)>()[i]);
      const double error = std::is_same_v<decltype(element), float> ? 1e-6 * std::abs(values[i]) : 0;
      EXPECT_NEAR(value, values[i], error) << "element " << i;
    }
  });
}

template <typename T>
void TestOperator() {
  // What runs subgraphs or keeps variables means nothing by itself: runtime/subgraph_test.cc.
  if constexpr (RunsSubgraphs<T> || HandlesVariables<T>) return;
  const std::filesystem::path folder = std::filesystem::path(THIMBLE_SOURCE_DIR) / "kernels" / T::kName / "golden";
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".golden") continue;
    ++files;
    std::vector<GoldenCase> cases = ReadGolden(entry.path());
    EXPECT_FALSE(cases.empty()) << entry.path();
    for (GoldenCase& golden : cases) {
      const auto params = ParamsOf<T>(golden);
      SCOPED_TRACE(entry.path().string() + ":" + std::to_string(golden.line) + ": " + golden.name);
      const std::vector<Tensor> in = Views(golden.in, true), out = Views(golden.out, false);
      Call call{in, out, nullptr};
      ASSERT_STREQ(Sentence(T::Check(params, call)), Sentence(Reason::kNone));
      std::vector<uint64_t> scratch(T::ScratchBytes(params, call) / 8 + 2);
      call.scratch = reinterpret_cast<std::byte*>(scratch.data());
      T::RunReference(params, call);
      for (const GoldenTensor& tensor : golden.out) ExpectValues(tensor.view, tensor.values);
      for (const GoldenTensor& tensor : golden.in) ExpectValues(tensor.view, tensor.left);
    }
  }
  EXPECT_GT(files, 0) << T::kName << " has no golden file";
}

TEST(Operators, GiveTheirGoldenAnswers) {
#define OP(type) TestOperator<type>();
#include "kernels/ops.inc"
#undef OP
}

template <typename T, Type... kTypes>
void TestSeparateTypes(TypeList<kTypes...>) {
  struct Face {
    Type type;
    const Operator* op;
    bool met = false;
  };
  Face faces[] = {{kTypes, &kOperator<T, kTypes>}...};
  const std::filesystem::path folder = std::filesystem::path(THIMBLE_SOURCE_DIR) / "kernels" / T::kName / "golden";
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".golden") continue;
    for (GoldenCase& golden : ReadGolden(entry.path())) {
      SCOPED_TRACE(entry.path().string() + ":" + std::to_string(golden.line) + ": " + golden.name);
      const auto params = ParamsOf<T>(golden);
      for (Face& face : faces) {
        const std::vector<Tensor> in = Views(golden.in, true), out = Views(golden.out, false);
        std::vector<uint64_t> scratch(T::ScratchBytes(params, Call{in, out, nullptr}) / 8 + 2);
        const Call call{in, out, reinterpret_cast<std::byte*>(scratch.data())};
        const bool meant = in[0].type == face.type;
        ASSERT_EQ(face.op->check(&params, call), meant ? Reason::kNone : Reason::kTypeMissing);
        if (!meant) continue;
        face.met = true;
        face.op->run(&params, call);
        for (const GoldenTensor& tensor : golden.out) ExpectValues(tensor.view, tensor.values);
      }
    }
  }
  for (const Face& face : faces) EXPECT_TRUE(face.met) << T::kName << ": no golden case of type " << int(face.type);
}

TEST(SeparateTypes, GiveTheGoldenAnswersOneByOneAndRefuseTheOthers) {
  int operators = 0;
  const auto test = [&operators]<typename T>(T) {
    if constexpr (SeparatesTypes<T>) {
      ++operators;
      TestSeparateTypes<T>(typename T::SeparateTypes());
    }
  };
#define OP(type) test(type());
#include "kernels/ops.inc"
#undef OP
  EXPECT_GE(operators, 3);
}

TEST(SeparateTypes, MayBeNamedTogether) {
  constexpr Operator kBoth = kOperator<FullyConnected, Type::kInt8, Type::kFloat32>;
  const int32_t shape[] = {1, 2}, one[] = {1, 1};
  float x[] = {1, 2}, w[] = {3, 4}, y[] = {0};
  const Tensor in[] = {{.data = x, .shape = {shape, 2}, .type = Type::kFloat32},
                       {.data = w, .shape = {shape, 2}, .type = Type::kFloat32}};
  const Tensor out[] = {{.data = y, .shape = {one, 2}, .type = Type::kFloat32}};
  const Call call{in, out};
  const FullyConnected::Params params;
  ASSERT_EQ(kBoth.check(&params, call), Reason::kNone);
  kBoth.run(&params, call);
  EXPECT_EQ(y[0], 11);
}

/// A golden case broken in one place, as a model could be broken that the loader accepts: shapes of less than 2^30
/// elements, scales that are finite and not negative, zero points within the type.
class Mutation {
 public:
  Mutation(GoldenCase golden, uint32_t seed) : golden_(std::move(golden)), random_(seed) {}

  template <typename T>
  void Try() {
    auto params = ParamsOf<T>(golden_);
    const size_t kinds = golden_.params.empty() ? 4 : 5;
    switch (Below(kinds)) {
      case 0:
        ChangeShape(AnyTensor());
        break;
      case 1:
        if (Below(4) == 0) {
          AnyTensor().view.type = static_cast<Type>(Below(10));
        } else if (Below(4) == 0 && !golden_.in.empty()) {
          golden_.in.pop_back();
        } else {
          ChangeShape(AnyTensor());
          ChangeShape(AnyTensor());
        }
        break;
      case 2:
      case 3:
        ChangeNumber(AnyTensor());
        break;
      default:
        ChangeParameter<T>(params);
    }
    std::vector<std::unique_ptr<std::byte[]>> memory;
    std::vector<Tensor> in, out;
    for (GoldenTensor& tensor : golden_.in) {
      if (!AddView(tensor, in, memory)) return;
    }
    for (GoldenTensor& tensor : golden_.out) {
      if (!AddView(tensor, out, memory)) return;
      if (tensor.view.shape.Count() == 0 || !tensor.view.present()) return;
    }
    // Check sees the elements of constants only.
    std::vector<Tensor> seen = in;
    for (Tensor& tensor : seen) {
      tensor.constant = tensor.shape.Count() == 0 || Below(3) > 0;
      if (!tensor.constant) tensor.data = nullptr;
    }
    const std::vector<Tensor> blank = Blank(out);
    if (!ok(T::Check(params, Call{seen, blank, nullptr}))) return;
    for (size_t i = 0; i < in.size(); ++i) in[i].constant = seen[i].constant;
    Call call{in, out, nullptr};
    const std::unique_ptr<std::byte[]> scratch(new std::byte[T::ScratchBytes(params, call)]);
    call.scratch = scratch.get();
    T::RunReference(params, call);
    accepted = true;
  }

  bool accepted = false;

 private:
  size_t Below(size_t end) { return random_() % end; }
  GoldenTensor& AnyTensor() {
    const size_t i = Below(golden_.in.size() + golden_.out.size());
    return i < golden_.in.size() ? golden_.in[i] : golden_.out[i - golden_.in.size()];
  }
  double AnyNumber() {
    static constexpr double kNumbers[] = {-9223372036854775808.0,
                                          -4294967296.0,
                                          -2147483648.0,
                                          -2147483647.0,
                                          -65536,
                                          -128,
                                          -7,
                                          -4,
                                          -3,
                                          -2,
                                          -1,
                                          0,
                                          1,
                                          2,
                                          3,
                                          4,
                                          5,
                                          7,
                                          9,
                                          64,
                                          127,
                                          255,
                                          32768,
                                          65536,
                                          46341,
                                          1073741824.0,
                                          2147483647.0,
                                          4294967295.0,
                                          4294967296.0};
    return kNumbers[Below(std::size(kNumbers))];
  }
  void ChangeShape(GoldenTensor& tensor) {
    if (Below(6) == 0 && tensor.dims.size() < static_cast<size_t>(kMaxRank)) {
      tensor.dims.insert(tensor.dims.begin() + static_cast<ptrdiff_t>(Below(tensor.dims.size() + 1)),
                         static_cast<int32_t>(1 + Below(2)));
    } else if (!tensor.dims.empty()) {
      const size_t d = Below(tensor.dims.size());
      if (Below(6) == 0) {
        tensor.dims.erase(tensor.dims.begin() + static_cast<ptrdiff_t>(d));
      } else {
        tensor.dims[d] = Below(20) == 0 ? 0 : static_cast<int32_t>(1 + Below(9));
      }
    }
  }
  void ChangeNumber(GoldenTensor& tensor) {
    const size_t kind = Below(6);
    if (kind == 0 && !tensor.scales.empty()) {
      static constexpr float kScales[] = {0, 1e-38f, 1e-10f, 0.3f, 1, 77, 1e10f, 3e38f};
      tensor.scales[Below(tensor.scales.size())] = kScales[Below(std::size(kScales))];
    } else if (kind == 1 && tensor.scales.size() == 1) {
      static constexpr int32_t kZeroPoints[] = {-128, -1, 0, 1, 127};
      const int32_t zero_point = kZeroPoints[Below(std::size(kZeroPoints))];
      tensor.view.zero_point = tensor.view.type == Type::kUInt8 ? zero_point + 128 : zero_point;
    } else if (!tensor.values.empty()) {
      tensor.values[Below(tensor.values.size())] = AnyNumber();
    }
  }
  template <typename T>
  void ChangeParameter(auto& params) {
    size_t left = Below(golden_.params.size());
    T::Fields(
        [&](const char*, int, auto& member) {
          if (left-- != 0) return;
          using Member = std::remove_reference_t<decltype(member)>;
          if constexpr (std::is_floating_point_v<Member>) {
            member = static_cast<Member>(AnyNumber());
          } else if constexpr (!std::is_same_v<Member, bool>) {
            member = static_cast<Member>(static_cast<int32_t>(static_cast<int64_t>(AnyNumber())));
          }
        },
        params);
  }
  /// The tensor with exactly its bytes, so that a sanitizer sees every access outside; false if it is too large.
  static bool AddView(GoldenTensor& tensor, std::vector<Tensor>& views,
                      std::vector<std::unique_ptr<std::byte[]>>& memory) {
    Tensor& view = tensor.view;
    if (BytesOf(view.type) == 0) {
      if (view.present()) return false;
    }
    int64_t count = 1;
    for (const int32_t dim : tensor.dims) count *= dim;
    if (count > 100000) return false;
    view.shape = {tensor.dims.data(), static_cast<int32_t>(tensor.dims.size())};
    view.scales = tensor.scales.data();
    view.scale_count = static_cast<int32_t>(tensor.scales.size());
    if (view.type == Type::kFloat32 || view.type == Type::kBool) view.scale_count = 0;
    memory.emplace_back(new std::byte[view.SizeBytes()]);
    view.data = memory.back().get();
    WithElement(view.type, [&](auto element) {
      using Element = decltype(element);
      for (int64_t i = 0; i < count && !tensor.values.empty(); ++i) {
        const double value = tensor.values[static_cast<size_t>(i) % tensor.values.size()];
        view.As<Element>()[i] = std::is_floating_point_v<Element> ? static_cast<Element>(value)
                                                                  : static_cast<Element>(static_cast<int64_t>(value));
      }
    });
    views.push_back(view);
    return true;
  }
  static std::vector<Tensor> Blank(std::vector<Tensor> tensors) {
    for (Tensor& tensor : tensors) tensor.data = nullptr;
    return tensors;
  }

  GoldenCase golden_;
  std::mt19937 random_;
};

template <typename T>
void TestMutations() {
  if constexpr (RunsSubgraphs<T> || HandlesVariables<T>) return;
  constexpr uint32_t kMutations = 300;
  const std::filesystem::path folder = std::filesystem::path(THIMBLE_SOURCE_DIR) / "kernels" / T::kName / "golden";
  uint32_t accepted = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".golden") continue;
    for (const GoldenCase& golden : ReadGolden(entry.path())) {
      for (uint32_t seed = 0; seed < kMutations; ++seed) {
        SCOPED_TRACE(entry.path().string() + ": " + golden.name + ", seed " + std::to_string(seed));
        Mutation mutation(golden, seed);
        mutation.Try<T>();
        if (mutation.accepted) ++accepted;
      }
    }
  }
  EXPECT_GT(accepted, 0u) << T::kName << ": no mutation reaches the kernel";
}

TEST(Operators, RefuseOrSurviveGoldenCasesThatAreBrokenInOnePlace) {
#define OP(type) TestMutations<type>();
#include "kernels/ops.inc"
#undef OP
}

TEST(Operators, AreNamedLikeTheirFolderAndListedOnce) {
  std::map<int32_t, std::string> names;
  for (const Operator* op : AllOperators()) {
    EXPECT_TRUE(names.emplace(op->tflite_code, op->name).second) << op->name << " repeats a code";
    EXPECT_TRUE(std::filesystem::exists(std::filesystem::path(THIMBLE_SOURCE_DIR) / "kernels" / op->name / "op.h"));
  }
  EXPECT_GE(names.size(), 12u);
}

TEST(Operators, RefuseACallWithoutOperands) {
  for (const Operator* op : AllOperators()) {
    alignas(8) std::byte params[kMaxParamsBytes];
    op->read(Options(), params);
    EXPECT_FALSE(ok(op->check(params, Call{}))) << op->name;
  }
}

}  // namespace
}  // namespace thimble::kernels
