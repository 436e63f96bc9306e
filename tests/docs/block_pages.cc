#include "tests/docs/block_pages.h"

#include <cstdio>
#include <fstream>
#include <vector>

#include "base/aligned_memory.h"
#include "base/float_math.h"
#include "cli/features_plot.h"
#include "compiler/impulse_file.h"

namespace thimble::docs {
namespace {

using compiler::BlockParameter;
using compiler::BlockParams;

/// What the comments of a header say.
struct Comments {
  std::string sentence;  // of the file
  std::string body;      // of the struct, as Markdown
};

Expected<Comments> ReadComments(const std::string& dsp_folder, const std::string& block) {
  const std::string path = dsp_folder + "/" + block + "/block.h";
  std::ifstream file(path);
  Comments comments;
  std::vector<std::string> lines;
  bool found = false;
  for (std::string line; std::getline(file, line) && !found;) {
    if (comments.sentence.empty() && line.starts_with("// ")) comments.sentence = line.substr(3);
    if (line.starts_with("///")) {
      lines.push_back(line.size() > 4 ? line.substr(4) : "");
    } else if (line.starts_with("struct ") && !lines.empty()) {
      found = true;
    } else if (!line.starts_with("template")) {
      lines.clear();
    }
  }
  if (!found) return {Status::kNotFound, path + ": there is no comment before the block's struct"};
  // What is indented is a table in plain characters.
  bool fenced = false;
  for (const std::string& line : lines) {
    const bool table = line.starts_with("  ");
    if (table != fenced) comments.body += "```\n";
    fenced = table;
    comments.body += (table ? line.substr(2) : line) + "\n";
  }
  if (fenced) comments.body += "```\n";
  return comments;
}

/// "How strong a movement is" of "The spectral-analysis block: how strong a movement is".
std::string WithoutName(const std::string& sentence) {
  const size_t colon = sentence.find(": ");
  std::string rest = colon == std::string::npos ? sentence : sentence.substr(colon + 2);
  if (rest[0] >= 'a' && rest[0] <= 'z') rest[0] = static_cast<char>(rest[0] - 'a' + 'A');
  return rest;
}

std::string Number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.10g", value);
  return text;
}

std::string Range(const BlockParameter& parameter) {
  const dsp::Field& field = parameter.field;
  switch (parameter.kind) {
    case BlockParameter::Kind::kFlag:
      return "true, false";
    case BlockParameter::Kind::kChoice: {
      std::string text;
      for (const char* choice : field.choices) text += (text.empty() ? "" : ", ") + std::string(choice);
      return text;
    }
    default:
      constexpr double kAny = 1e30;  // the ends of float's range say nothing
      if (field.maximum < kAny) return Number(field.minimum) + " to " + Number(field.maximum);
      return field.minimum > -kAny ? Number(field.minimum) + " or more" : "any number";
  }
}

std::string ParameterTable(const BlockParams& params) {
  std::string text = "| parameter | default | values | what it does |\n| --- | --- | --- | --- |\n";
  for (const BlockParameter& parameter : compiler::ParametersOf(params)) {
    const dsp::Field& field = parameter.field;
    const std::string unit = *field.unit != 0 ? std::string(" ") + field.unit : "";
    text.append("| `").append(field.name).append("`<br>").append(field.label).append(" | ");
    text.append(parameter.value).append(unit).append(" | ").append(Range(parameter)).append(unit);
    text.append(" | ").append(field.sentence).append(" |\n");
  }
  return text;
}

/// The sine of an angle given in full turns, 0 or more.
float Sine(float turns) {
  const double whole = static_cast<double>(static_cast<int>(turns));
  return static_cast<float>(SinPi(2 * (static_cast<double>(turns) - whole)));
}

/// A window that the block accepts with its defaults, and something to see in it. Sines are our own, so that the pages
/// are the same on every machine.
struct Sample {
  std::string words;
  dsp::Window window;
  std::vector<std::string> axes;
  std::string units;
  std::vector<float> samples;
};

Sample Motion() {
  Sample sample = {"two seconds of a simulated movement, 3 axes at 62.5 Hz",
                   {.axes = 3, .readings = 125, .rate_hz = 62.5f},
                   {"accX", "accY", "accZ"},
                   "m/s2",
                   {}};
  for (int i = 0; i < sample.window.readings; ++i) {
    const float seconds = static_cast<float>(i) / 62.5f;
    sample.samples.push_back(3 * Sine(1.5f * seconds) + 0.8f * Sine(9 * seconds));
    sample.samples.push_back(2 * Sine(1.5f * seconds + 0.2f) + 0.5f * Sine(4.5f * seconds));
    sample.samples.push_back(9.81f + Sine(3 * seconds));
  }
  return sample;
}

Sample Sound() {
  Sample sample = {"half a second of a rising tone with its overtones, 8 kHz",
                   {.axes = 1, .readings = 4000, .rate_hz = 8000},
                   {"audio"},
                   "",
                   {}};
  for (int i = 0; i < sample.window.readings; ++i) {
    const float seconds = static_cast<float>(i) / 8000;
    // From 200 to 1200 Hz, as loud as half a sine.
    const float turns = 200 * seconds + 1000 * seconds * seconds;
    const float loudness = Sine(seconds);
    sample.samples.push_back(9000 * loudness * (Sine(turns) + 0.4f * Sine(2 * turns) + 0.2f * Sine(3 * turns)));
  }
  return sample;
}

Sample Picture() {
  constexpr int kSide = 24;
  Sample sample = {"a picture of 24 × 24 pixels",
                   {.axes = 1, .readings = kSide * kSide, .width = kSide, .height = kSide},
                   {"image"},
                   "",
                   {}};
  for (int y = 0; y < kSide; ++y) {
    for (int x = 0; x < kSide; ++x) {
      const int dx = 2 * x - kSide + 1, dy = 2 * y - kSide + 1;
      const bool inside = dx * dx + dy * dy < kSide * kSide / 2;
      const int red = inside ? 220 : 30 + 6 * y, green = inside ? 9 * x : 60, blue = inside ? 40 : 90 + 6 * x;
      sample.samples.push_back(static_cast<float>(red << 16 | green << 8 | blue));
    }
  }
  return sample;
}

/// The first of the samples that the block accepts.
const Sample* SampleFor(const BlockParams& params) {
  static const Sample kSamples[] = {Motion(), Sound(), Picture()};
  for (const Sample& sample : kSamples) {
    if (compiler::WordsOf(params).explain(compiler::PointerTo(params), sample.window) == nullptr) return &sample;
  }
  return nullptr;
}

std::string LayoutText(const dsp::Layout& layout) {
  switch (layout.kind) {
    case dsp::Layout::Kind::kFlat:
      return "a flat row of " + std::to_string(layout.width);
    case dsp::Layout::Kind::kSpectrogram:
      return std::to_string(layout.width) + " frames, one after the other, of " + std::to_string(layout.height) +
             " each";
    case dsp::Layout::Kind::kImage:
      return std::to_string(layout.frames) + " picture of " + std::to_string(layout.width) + " × " +
             std::to_string(layout.height) + " pixels with " + std::to_string(layout.channels) + " numbers each";
  }
  return "";
}

/// The names, those of one axis for all; the first and the last where there are many.
std::string NameList(const std::vector<dsp::FeatureName>& names) {
  std::vector<std::string> texts;
  for (const dsp::FeatureName& name : names) {
    if (name.axis > 0) continue;
    texts.push_back(std::string(name.text) + (*name.unit != 0 ? std::string(", ") + name.unit : ""));
  }
  constexpr size_t kMost = 24;
  std::string list;
  for (size_t i = 0; i < texts.size(); ++i) {
    if (texts.size() > kMost && i == 6) {
      list += "* …\n";
      i = texts.size() - 3;
    }
    list += "* " + texts[i] + "\n";
  }
  return list;
}

}  // namespace

Expected<std::map<std::string, std::string>> BlockPages(const std::string& dsp_folder) {
  static constexpr const char* kNames[] = {
#define BLOCK(type) dsp::type::kName,
#include "dsp/blocks.inc"
#undef BLOCK
  };
  constexpr const char* kMade = "<!-- Made from dsp/ by ./run docs; edit the block's header instead. -->\n\n";
  std::map<std::string, std::string> pages;
  std::string index =
      std::string(kMade) + "# Blocks of signal processing\n\n| block | what it tells |\n| --- | --- |\n";
  for (const std::string name : kNames) {
    THIMBLE_ASSIGN(const Comments comments, ReadComments(dsp_folder, name));
    const BlockParams params = compiler::DefaultParams(name);
    std::string page = kMade + ("# " + name) + "\n\n" + WithoutName(comments.sentence) + "\n\n";
    const Sample* sample = SampleFor(params);
    if (sample != nullptr) {
      page.append("![").append(name).append(" of ").append(sample->words).append("](").append(name).append(".svg)\n\n");
    }
    page += "## What it computes\n\n" + comments.body + "\n## Parameters\n\n" + ParameterTable(params) + "\n";
    if (sample != nullptr) {
      const dsp::Block& block = compiler::BlockOf(params);
      const void* own = compiler::PointerTo(params);
      const AlignedMemory prepared(block.prepared_bytes(own, sample->window));
      const AlignedMemory scratch(block.scratch_bytes(own, sample->window));
      std::vector<float> features(block.feature_count(own, sample->window));
      block.prepare(own, sample->window, prepared.span());
      block.extract(own, sample->window, prepared.span(), sample->samples, features, scratch.span());
      cli::FeaturePlot plot;
      plot.title = name;
      plot.subtitle = sample->words + " · " + std::to_string(features.size()) + " features";
      plot.axes = sample->axes;
      plot.units = sample->units;
      plot.window = sample->window;
      plot.samples = sample->samples;
      plot.layout = compiler::WordsOf(params).layout_of(own, sample->window);
      plot.features = features;
      for (size_t i = 0; i < features.size(); ++i) {
        plot.names.push_back(compiler::WordsOf(params).name_of(own, sample->window, i));
      }
      pages[name + ".svg"] = cli::PlotSvg(plot);
      page += "## Features\n\nWith the defaults, of " + sample->words + ": " + LayoutText(plot.layout) + "." +
              (sample->window.axes > 1 ? " Every axis has" : " They are") + "\n\n" + NameList(plot.names) + "\n";
      page += "A device needs " + std::to_string(block.prepared_bytes(own, sample->window)) +
              " bytes for what is worked out once, and " + std::to_string(block.scratch_bytes(own, sample->window)) +
              " bytes of scratch while it works on this window.\n\n";
    }
    page.append("## Try it\n\n```sh\nthimble features --list --block ").append(name);
    page.append("\nthimble features --block ").append(name);
    page.append(" --data recordings --out features.csv --plot window.svg\n```\n");
    index.append("| [").append(name).append("](").append(name).append(".md) | ");
    index.append(WithoutName(comments.sentence)).append(" |\n");
    pages[name + ".md"] = std::move(page);
  }
  pages["README.md"] = index +
                       "\nWhich of them suits recordings, and with which parameters: `thimble features --auto` "
                       "([features.md](../features.md)).\n";
  return pages;
}

}  // namespace thimble::docs
