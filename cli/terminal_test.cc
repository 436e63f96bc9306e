// Tests of what the commands show while they work.
#include "cli/terminal.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <string>

namespace thimble::cli {
namespace {

Surroundings Terminal() { return {.terminal = true, .columns = 100, .term = "xterm", .locale = "en_GB.UTF-8"}; }

// What a Progress writes to something that is not a terminal, or that pretends to be one.
std::string Written(const Style& style, bool quiet, auto&& use) {
  std::FILE* file = std::tmpfile();
  {
    Progress progress(file, style, 2, quiet);
    use(progress);
  }
  std::string text(static_cast<size_t>(std::ftell(file)), '\0');
  std::rewind(file);
  EXPECT_EQ(std::fread(text.data(), 1, text.size(), file), text.size());
  std::fclose(file);
  return text;
}

TEST(StyleFor, ColoursATerminalAndNothingElse) {
  EXPECT_TRUE(StyleFor(Terminal()).colour);
  EXPECT_TRUE(StyleFor(Terminal()).live);
  Surroundings pipe = Terminal();
  pipe.terminal = false;
  EXPECT_FALSE(StyleFor(pipe).colour);
  EXPECT_FALSE(StyleFor(pipe).live);
  Surroundings dumb = Terminal();
  dumb.term = "dumb";
  EXPECT_FALSE(StyleFor(dumb).colour);
  EXPECT_FALSE(StyleFor(dumb).live);
}

TEST(StyleFor, ObeysNoColorButStillDrawsProgress) {
  Surroundings asked = Terminal();
  asked.no_color = "1";
  asked.clicolor_force = "1";
  EXPECT_FALSE(StyleFor(asked).colour);
  EXPECT_TRUE(StyleFor(asked).live);
}

TEST(StyleFor, ColoursAPipeOnlyWhenForced) {
  Surroundings pipe = Terminal();
  pipe.terminal = false;
  pipe.clicolor_force = "1";
  EXPECT_TRUE(StyleFor(pipe).colour);
  pipe.clicolor_force = "0";
  EXPECT_FALSE(StyleFor(pipe).colour);
}

TEST(StyleFor, WritesAsciiWhereTheLocaleIsNotUtf8) {
  for (const char* locale : {"en_GB.UTF-8", "C.utf8", "de_DE.utf-8@euro"}) {
    Surroundings seen = Terminal();
    seen.locale = locale;
    EXPECT_TRUE(StyleFor(seen).unicode) << locale;
  }
  for (const char* locale : {"", "C", "POSIX", "de_DE.ISO-8859-1"}) {
    Surroundings seen = Terminal();
    seen.locale = locale;
    EXPECT_FALSE(StyleFor(seen).unicode) << locale;
  }
}

TEST(StyleFor, KeepsTheWidthWithinReason) {
  Surroundings seen = Terminal();
  EXPECT_EQ(StyleFor(seen).width, 100);
  seen.columns = 0;
  EXPECT_EQ(StyleFor(seen).width, 80);
  seen.columns = 3;
  EXPECT_EQ(StyleFor(seen).width, 20);
  seen.columns = 5000;
  EXPECT_EQ(StyleFor(seen).width, 200);
}

TEST(Look, TakesTheFirstLocaleThatIsSet) {
  setenv("LC_ALL", "", 1);
  setenv("LC_CTYPE", "C.UTF-8", 1);
  setenv("LANG", "C", 1);
  std::FILE* file = std::tmpfile();
  const Surroundings seen = Look(file);
  std::fclose(file);
  EXPECT_EQ(seen.locale, "C.UTF-8");
  EXPECT_FALSE(seen.terminal);
}

TEST(Columns, CountsWhatATerminalShows) {
  EXPECT_EQ(Columns("wave"), 4);
  EXPECT_EQ(Columns("39 → 4"), 6);
  EXPECT_EQ(Columns("\x1b[31mred\x1b[0m"), 3);
  EXPECT_EQ(Columns("e\u0301"), 1);
  EXPECT_EQ(Columns("\u6CE2"), 2);
  EXPECT_EQ(Columns("\xff\xfe"), 2);
}

TEST(DecodeUtf8, RefusesWhatIsNotUtf8) {
  EXPECT_EQ(DecodeUtf8("→x").value, U'→');
  EXPECT_EQ(DecodeUtf8("→x").bytes, 3U);
  for (const char* broken :
       {"\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x86", "\x80", "\xff"}) {
    const CodePoint point = DecodeUtf8(broken);
    EXPECT_FALSE(point.valid) << broken;
    EXPECT_EQ(point.bytes, 1U) << broken;
  }
}

TEST(Printable, DisarmsWhatAFileNameCouldDoToATerminal) {
  EXPECT_EQ(Printable("a\x1b[2Jb\nc"), "a\uFFFD[2Jb\uFFFDc");
  EXPECT_EQ(Printable("\u202Egnp.exe"), "\uFFFDgnp.exe");
  EXPECT_EQ(Printable("caf\xe9"), "caf\uFFFD");
  EXPECT_EQ(Printable("σ → µ"), "σ → µ");
}

TEST(Plain, SpellsSignsInAscii) {
  Style ascii;
  ascii.unicode = false;
  EXPECT_EQ(ascii.Plain("39 → 4 ± 1°, 漢"), "39 -> 4 +/- 1deg, ?");
  EXPECT_EQ(Style().Plain("39 → 4"), "39 → 4");
}

TEST(Shorten, NeverTakesMoreColumnsThanAllowed) {
  const Style style;
  EXPECT_EQ(Shorten("gesture", 7, style), "gesture");
  EXPECT_EQ(Shorten("gesture", 5, style), "gest…");
  EXPECT_EQ(Shorten("漢字漢字", 5, style), "漢字…");
}

RC_GTEST_PROP(Shorten, FitsAnyBytes, (const std::string& text)) {
  for (const bool unicode : {true, false}) {
    Style style;
    style.unicode = unicode;
    for (const int columns : {0, 1, 2, 3, 10}) {
      // One ellipsis is the least that can be said.
      RC_ASSERT(Columns(Shorten(text, columns, style)) <= std::max(columns, 1));
    }
  }
}

RC_GTEST_PROP(Printable, LeavesNothingButTextOfValidUtf8, (const std::string& text)) {
  const std::string clean = Printable(text);
  for (size_t at = 0; at < clean.size();) {
    const CodePoint point = DecodeUtf8(std::string_view(clean).substr(at));
    RC_ASSERT(point.valid);
    RC_ASSERT(point.value >= 0x20);
    at += point.bytes;
  }
  RC_ASSERT(Printable(clean) == clean);
}

TEST(Wrap, BreaksAtSpacesOnly) {
  EXPECT_EQ(Wrap("one two three four", 2, 14), "one two\n  three four");
  EXPECT_EQ(Wrap("a-word-longer-than-the-line ok", 0, 12), "a-word-longer-than-the-line\nok");
}

TEST(Seconds, ReadsWell) {
  EXPECT_EQ(Seconds(0.416), "0.42 s");
  EXPECT_EQ(Seconds(12.34), "12.3 s");
  EXPECT_EQ(Seconds(185.2), "3 min 05 s");
  EXPECT_EQ(Seconds(9.999), "10.0 s");
  EXPECT_EQ(Seconds(99.99), "1 min 40 s");
}

TEST(Thousands, GroupsByThree) {
  EXPECT_EQ(Thousands(0), "0");
  EXPECT_EQ(Thousands(999), "999");
  EXPECT_EQ(Thousands(1000), "1,000");
  EXPECT_EQ(Thousands(-1234567), "-1,234,567");
}

TEST(Table, AlignsColumnsWhateverTheyHold) {
  EXPECT_EQ(Table({{"label", "n"}, {"→", "1,000"}, {"\x1b[31mred\x1b[0m", "7"}}, 1),
            " label      n\n →      1,000\n \x1b[31mred\x1b[0m        7\n");
}

TEST(Progress, WritesPlainSparseLinesWhereThereIsNoTerminal) {
  const std::string text = Written(Style(), false, [](Progress& progress) {
    progress.Begin("data");
    progress.End("96 recordings");
    progress.Begin("train");
    for (int i = 0; i < 1000; ++i) progress.Update(i / 1000.0, "loss 0.1");
    EXPECT_EQ(progress.seconds().size(), 1U);
    progress.End();
    EXPECT_EQ(progress.seconds().size(), 2U);
    EXPECT_EQ(progress.seconds()[1].first, "train");
  });
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_EQ(text.find('\r'), std::string::npos);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 2);
  EXPECT_NE(text.find("1/2  data       96 recordings"), std::string::npos) << text;
  EXPECT_NE(text.find("2/2  train      done"), std::string::npos) << text;
}

TEST(Progress, HidesTheCursorOnATerminalAndGivesItBack) {
  Style style = StyleFor(Terminal());
  const std::string text = Written(style, false, [](Progress& progress) { progress.Begin("train"); });
  const size_t hidden = text.rfind("\x1b[?25l");
  const size_t shown = text.rfind("\x1b[?25h");
  ASSERT_NE(hidden, std::string::npos);
  ASSERT_NE(shown, std::string::npos);
  EXPECT_LT(hidden, shown);
  EXPECT_NE(text.find("stopped"), std::string::npos);  // nobody ended the step
}

TEST(Progress, DrawsNoLineWiderThanTheTerminal) {
  Style style = StyleFor(Terminal());
  style.width = 30;
  const std::string text = Written(style, false, [](Progress& progress) {
    progress.Begin("a rather long name");
    progress.End("a result that says more than fits into thirty columns");
  });
  size_t at = 0;
  while (at < text.size()) {
    const size_t end = std::min(text.find_first_of("\r\n", at), text.size());
    EXPECT_LE(Columns(text.substr(at, end - at)), 30) << text;
    at = end + 1;
  }
}

TEST(Progress, SaysNothingWhenQuiet) {
  EXPECT_EQ(Written(StyleFor(Terminal()), true,
                    [](Progress& progress) {
                      progress.Begin("train");
                      progress.Update(0.5, "half");
                      progress.Say("a line");
                      progress.End("done");
                    }),
            "");
}

TEST(Progress, ShowsTheCursorAgainAfterControlC) {
  std::FILE* file = std::tmpfile();
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    std::signal(SIGINT, SIG_DFL);
    Progress progress(file, StyleFor(Terminal()), 1);
    progress.Begin("train");
    raise(SIGINT);
    _exit(0);  // not reached: the signal ends the process
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGINT);
  std::fseek(file, 0, SEEK_END);
  std::string text(static_cast<size_t>(std::ftell(file)), '\0');
  std::rewind(file);
  ASSERT_EQ(std::fread(text.data(), 1, text.size(), file), text.size());
  std::fclose(file);
  EXPECT_TRUE(text.ends_with("\x1b[?25h\n")) << text;
}

TEST(Progress, LeavesTheSignalsAsItFoundThem) {
  struct sigaction before = {};
  sigaction(SIGINT, nullptr, &before);
  Written(StyleFor(Terminal()), false, [](Progress& progress) { progress.Begin("train"); });
  struct sigaction after = {};
  sigaction(SIGINT, nullptr, &after);
  EXPECT_EQ(before.sa_handler, after.sa_handler);
}

}  // namespace
}  // namespace thimble::cli
