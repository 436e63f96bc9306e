#include "trainer/zoo.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace thimble::trainer {
namespace {

constexpr std::array kArchitectures = {
#define X(name, word, width, depth, dropout, sentence) \
  ArchitectureWords{Architecture::k##name, word, width, depth, dropout, sentence},
    THIMBLE_ARCHITECTURE_LIST(X)
#undef X
};

constexpr int kMostWidth = 1024;
constexpr int kMostDepth = 32;

/// Writes layers one after the other.
class Builder {
 public:
  explicit Builder(const Shape& input) : height_(input.height), width_(input.width), channels_(input.channels) {
    spec_.input = input;
  }

  int height() const { return height_; }
  int width() const { return width_; }
  int channels() const { return channels_; }
  int last() const { return static_cast<int>(spec_.layers.size()) - 1; }

  void Convolution(int units, const Window& window, bool relu6 = false) {
    Add({.kind = LayerKind::kConvolution, .units = units, .window = window});
    channels_ = units;
    Shrink(window);
    BatchNorm(relu6 ? Activation::kRelu6 : Activation::kRelu);
  }
  void Depthwise(const Window& window, bool relu6 = false) {
    Add({.kind = LayerKind::kDepthwise, .window = window});
    Shrink(window);
    BatchNorm(relu6 ? Activation::kRelu6 : Activation::kRelu);
  }
  /// 1 × 1, without an activation behind its batch norm.
  void Projection(int units) {
    Add({.kind = LayerKind::kConvolution, .units = units});
    channels_ = units;
    BatchNorm(Activation::kNone);
  }
  void MaxPool(const Window& window) {
    Add({.kind = LayerKind::kMaxPool, .window = window});
    Shrink(window);
  }
  void Add(int one, int other, Activation activation) {
    Add({.kind = LayerKind::kAdd, .inputs = {one, other}, .activation = activation});
  }
  void GlobalAverage() {
    Add({.kind = LayerKind::kGlobalAverage});
    height_ = width_ = 1;
  }
  void Dropout(float rate) {
    if (rate > 0) Add({.kind = LayerKind::kDropout, .rate = rate});
  }
  void Dense(int units, Activation activation = Activation::kNone) {
    Add({.kind = LayerKind::kDense, .units = units, .activation = activation});
  }

  ModelSpec Finish(int outputs, bool regression) && {
    Dense(outputs);
    if (!regression) Add({.kind = LayerKind::kActivation, .activation = Activation::kSoftmax});
    return std::move(spec_);
  }

 private:
  void Add(LayerSpec layer) { spec_.layers.push_back(std::move(layer)); }
  void BatchNorm(Activation activation) {
    // A small data set has few batches: statistics that forget in a hundred of them would lag behind the weights.
    Add({.kind = LayerKind::kBatchNorm, .activation = activation, .momentum = 0.9f});
  }
  void Shrink(const Window& window) {
    height_ = (height_ + window.stride_height - 1) / window.stride_height;
    width_ = (width_ + window.stride_width - 1) / window.stride_width;
  }

  ModelSpec spec_;
  int height_, width_, channels_;
};

Window Square(int size, int stride) {
  return {.height = size, .width = size, .stride_height = stride, .stride_width = stride};
}

/// Units of a layer that the original gives `full`, at `percent` of it: a multiple of 8, and not less than 90 %
/// (MobileNetV2's rule, which both of its kind use).
int Scaled(int full, int percent) {
  const int exact = full * percent / 100;
  int units = std::max(8, (exact + 4) / 8 * 8);
  if (units * 10 < exact * 9) units += 8;
  return units;
}

/// How many of the original's halvings are left out, so that the last convolution still has something to look at.
int SkippedHalvings(const Builder& net, int halvings) {
  constexpr int kLeastSide = 3;
  int fit = 0;
  for (int side = std::min(net.height(), net.width()); fit < halvings && (side + 1) / 2 >= kLeastSide;
       side = (side + 1) / 2) {
    ++fit;
  }
  return halvings - fit;
}

void Conv1d(Builder& net, int filters, int depth) {
  constexpr int kFirstReach = 5;
  constexpr int kReach = 3;
  for (int block = 0; block < depth; ++block) {
    net.Convolution(block + 1 < depth ? filters : filters * 2, {.width = block == 0 ? kFirstReach : kReach});
    if (net.width() >= 4 && block + 1 < depth) net.MaxPool({.width = 2, .stride_width = 2});
  }
  net.GlobalAverage();
}

void Conv2d(Builder& net, int filters, int depth) {
  for (int block = 0; block < depth; ++block) {
    net.Convolution(filters << std::min(block, 3), Square(3, 1));
    if (std::min(net.height(), net.width()) >= 4 && block + 1 < depth) net.MaxPool(Square(2, 2));
  }
  net.GlobalAverage();
}

void Tcn(Builder& net, int filters, int depth) {
  net.Convolution(filters, {.width = 1});
  for (int block = 0; block < depth; ++block) {
    const int before = net.last();
    net.Depthwise({.width = 5, .dilation_width = 1 << std::min(block, 4)});
    net.Projection(filters);
    net.Add(before, net.last(), Activation::kRelu);
  }
  net.GlobalAverage();
}

void DsCnn(Builder& net, int filters, int depth) {
  // Ten frames by four coefficients, every second of each: as far as there are so many.
  net.Convolution(filters, {.height = std::min(10, net.height()),
                            .width = std::min(4, net.width()),
                            .stride_height = net.height() >= 10 ? 2 : 1,
                            .stride_width = net.width() >= 8 ? 2 : 1});
  for (int block = 0; block < depth; ++block) {
    net.Depthwise(Square(3, 1));
    net.Convolution(filters, {});
  }
  net.GlobalAverage();
}

void MobilenetV1(Builder& net, int percent, int depth) {
  struct Block {
    int units, stride;
  };
  constexpr Block kBlocks[] = {{64, 1},  {128, 2}, {128, 1}, {256, 2}, {256, 1},  {512, 2}, {512, 1},
                               {512, 1}, {512, 1}, {512, 1}, {512, 1}, {1024, 2}, {1024, 1}};
  int skipped = SkippedHalvings(net, 5);
  const auto stride = [&](int wanted) { return wanted == 2 && skipped > 0 ? (--skipped, 1) : wanted; };
  net.Convolution(Scaled(32, percent), Square(3, stride(2)), true);
  for (const Block& block : std::span(kBlocks).first(static_cast<size_t>(std::min(depth, 13)))) {
    net.Depthwise(Square(3, stride(block.stride)), true);
    net.Convolution(Scaled(block.units, percent), {}, true);
  }
  net.GlobalAverage();
}

void MobilenetV2(Builder& net, int percent, int depth) {
  struct Stage {
    int expansion, units, blocks, stride;
  };
  constexpr Stage kStages[] = {{1, 16, 1, 1}, {6, 24, 2, 2},  {6, 32, 3, 2}, {6, 64, 4, 2},
                               {6, 96, 3, 1}, {6, 160, 3, 2}, {6, 320, 1, 1}};
  int skipped = SkippedHalvings(net, 5);
  const auto stride = [&](int wanted) { return wanted == 2 && skipped > 0 ? (--skipped, 1) : wanted; };
  net.Convolution(Scaled(32, percent), Square(3, stride(2)), true);
  for (const Stage& stage : kStages) {
    for (int block = 0; block < stage.blocks && depth > 0; ++block, --depth) {
      const int before = net.last();
      const int channels = net.channels();
      const int step = block == 0 ? stride(stage.stride) : 1;
      if (stage.expansion > 1) net.Convolution(channels * stage.expansion, {}, true);
      net.Depthwise(Square(3, step), true);
      net.Projection(Scaled(stage.units, percent));
      if (step == 1 && net.channels() == channels) net.Add(before, net.last(), Activation::kNone);
    }
  }
  // The original's last layer keeps its 1280 filters at small widths; a handful of classes has no use for them.
  net.Convolution(Scaled(1280, std::min(percent, 20)), {}, true);
  net.GlobalAverage();
}

}  // namespace

std::span<const ArchitectureWords> Architectures() { return kArchitectures; }

const ArchitectureWords& WordsOf(Architecture architecture) {
  return kArchitectures[static_cast<size_t>(architecture)];
}

Expected<Architecture> ArchitectureNamed(std::string_view name) {
  std::string names;
  for (const ArchitectureWords& words : kArchitectures) {
    if (words.name == name) return words.architecture;
    names += (names.empty() ? "" : ", ") + std::string(words.name);
  }
  return {Status::kNotFound, std::string(name) + ": there is no such network; there are " + names};
}

Architecture DefaultArchitecture(const dsp::Layout& layout) {
  constexpr int kSmallPicture = 48;
  constexpr int kFewFrames = 8;
  switch (layout.kind) {
    case dsp::Layout::Kind::kImage:
      return std::min(layout.width, layout.height) <= kSmallPicture ? Architecture::kConv2d
                                                                    : Architecture::kMobilenetV1;
    case dsp::Layout::Kind::kSpectrogram:
      return layout.width >= kFewFrames ? Architecture::kConv1d : Architecture::kDense;
    case dsp::Layout::Kind::kFlat:
      break;
  }
  return Architecture::kDense;
}

Expected<ModelSpec> MakeSpec(Architecture architecture, const dsp::Layout& layout, int outputs, bool regression,
                             const ArchitectureOptions& options) {
  const ArchitectureWords& words = WordsOf(architecture);
  const auto refuse = [&](const std::string& sentence) {
    return Error{Status::kInvalidArgument, std::string(words.name) + ": " + sentence};
  };
  const int width = options.width == 0 ? words.width : options.width;
  const int depth = options.depth == 0 ? words.depth : options.depth;
  const float dropout = options.dropout < 0 ? words.dropout : options.dropout;
  if (width < 1 || width > kMostWidth) return refuse("its width must be from 1 to " + std::to_string(kMostWidth));
  if (depth < 1 || depth > kMostDepth) return refuse("its depth must be from 1 to " + std::to_string(kMostDepth));
  if (!(dropout <= 0.9f)) return refuse("its dropout must be from 0 to 0.9");
  if (outputs < 1) return refuse("there is nothing to answer; it needs an output");
  const int features = layout.width * layout.height * layout.channels * layout.frames;
  if (features < 1) return refuse("there are no features to look at");

  using Kind = dsp::Layout::Kind;
  if (architecture == Architecture::kDense || architecture == Architecture::kAutoencoder) {
    Builder net({.channels = features});
    if (architecture == Architecture::kDense) {
      for (int layer = 0; layer < depth; ++layer) {
        net.Dense(std::max(width >> layer, 4), Activation::kRelu);
        net.Dropout(dropout);
      }
      return std::move(net).Finish(outputs, regression);
    }
    // Down in halves, and up again.
    for (int layer = 0; layer < depth; ++layer) net.Dense(std::max(width >> layer, 2), Activation::kRelu);
    for (int layer = depth - 2; layer >= 0; --layer) net.Dense(std::max(width >> layer, 2), Activation::kRelu);
    return std::move(net).Finish(features, true);
  }
  if (layout.kind == Kind::kFlat) {
    return refuse(
        "looks at neighbours, and these features have none; take dense, or a block that gives frames (waveform, "
        "mfcc) or pictures");
  }
  const bool over_time = architecture == Architecture::kConv1d || architecture == Architecture::kTcn;
  if (over_time && layout.kind == Kind::kImage) {
    return refuse("looks at what follows in time, and these are pictures; take conv2d or mobilenet_v1");
  }
  Shape input;
  if (layout.kind == Kind::kImage) {
    input = {layout.height * layout.frames, layout.width, layout.channels};
  } else if (over_time) {
    input = {1, layout.width, layout.height};
  } else {
    input = {layout.width, layout.height, 1};  // a row a frame
  }
  Builder net(input);
  switch (architecture) {
    case Architecture::kConv1d:
      Conv1d(net, width, depth);
      break;
    case Architecture::kTcn:
      Tcn(net, width, depth);
      break;
    case Architecture::kConv2d:
      Conv2d(net, width, depth);
      break;
    case Architecture::kDsCnnS:
    case Architecture::kDsCnnM:
      DsCnn(net, width, depth);
      break;
    case Architecture::kMobilenetV1:
      MobilenetV1(net, width, depth);
      break;
    case Architecture::kMobilenetV2:
      MobilenetV2(net, width, depth);
      break;
    case Architecture::kDense:
    case Architecture::kAutoencoder:
      break;
  }
  net.Dropout(dropout);
  return std::move(net).Finish(outputs, regression);
}

}  // namespace thimble::trainer
