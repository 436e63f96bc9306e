#include "bridge/remote/settings.h"

#include <gtest/gtest.h>

namespace thimble::bridge {
namespace {

using Values = std::map<std::string, std::string>;

Values Environment(const std::string& without = "") {
  Values values = {{"EI_APIKEY", "ei_abc"},
                   {"EI_HMACKEY", "0123"},
                   {"EI_DEVICEID", "kit"},
                   {"EI_DEVICETYPE", "MXChip"},
                   {"SERIAL_PORT", "/dev/ttyACM0"}};
  values.erase(without);
  return values;
}

Expected<Settings> Read(const Values& environment, const std::string& dotenv, const std::string& port = "") {
  return ReadSettings(
      [&](const char* name) -> std::optional<std::string> {
        const auto found = environment.find(name);
        if (found == environment.end()) return std::nullopt;
        return found->second;
      },
      dotenv, port);
}

TEST(Dotenv, LinesAreReadAsTheOriginalsLibraryDoes) {
  EXPECT_EQ(ParseDotenv("# keys\n"
                        "EI_APIKEY=ei_abc\r\n"
                        "  EI_HMACKEY = 'with # and spaces '\n"
                        "export EI_DEVICEID=\"two\\nlines\"\n"
                        "EI_DEVICETYPE=MX Chip   # a comment\n"
                        "\n"
                        "SERIAL_PORT=/dev/tty#1\n"
                        "EMPTY=\n"
                        "no assignment\n"
                        "A.B-C=`back \"and\" 'forth'`"),
            (Values{{"EI_APIKEY", "ei_abc"},
                    {"EI_HMACKEY", "with # and spaces "},
                    {"EI_DEVICEID", "two\nlines"},
                    {"EI_DEVICETYPE", "MX Chip"},
                    {"SERIAL_PORT", "/dev/tty#1"},
                    {"EMPTY", ""},
                    {"A.B-C", "back \"and\" 'forth'"}}));
}

TEST(Dotenv, OddQuotesAndEndsAreNoTrouble) {
  EXPECT_EQ(ParseDotenv("A='open\nB=2"), (Values{{"A", "'open"}, {"B", "2"}}));
  EXPECT_EQ(ParseDotenv("A=\"1\n2\"\nB=3"), (Values{{"A", "1\n2"}, {"B", "3"}}));
  EXPECT_EQ(ParseDotenv("A='\\n'"), (Values{{"A", "\\n"}}));
  EXPECT_EQ(ParseDotenv("A=1\nA=2"), (Values{{"A", "2"}})) << "the last one counts";
  EXPECT_EQ(ParseDotenv("A=b=c"), (Values{{"A", "b=c"}}));
  EXPECT_EQ(ParseDotenv("\xef\xbb\xbf"
                        "A=1"),
            (Values{{"A", "1"}}))
      << "as Windows' Notepad saves it";
  EXPECT_EQ(ParseDotenv("=1\n==\nexport\nexport =2"), (Values{}));
  EXPECT_EQ(ParseDotenv("export=1"), (Values{{"export", "1"}}));
}

TEST(Settings, TheRealEnvironmentWinsEvenWhenItIsEmpty) {
  EXPECT_EQ(Read(Environment(), "EI_DEVICEID=other")->device_id, "kit");
  EXPECT_EQ(Read(Environment("EI_DEVICEID"), "EI_DEVICEID=other")->device_id, "other");
  Values empty = Environment();
  empty["EI_DEVICEID"] = "";
  const auto settings = Read(empty, "EI_DEVICEID=other");
  ASSERT_FALSE(settings.ok());
  EXPECT_NE(settings.error().message.find("it is set, but empty"), std::string::npos);
}

TEST(Settings, EachOfTheFiveIsNeededAndNamedWhenItIsMissing) {
  for (const char* name : {"EI_APIKEY", "EI_HMACKEY", "EI_DEVICEID", "EI_DEVICETYPE", "SERIAL_PORT"}) {
    const auto settings = Read(Environment(name), "");
    ASSERT_FALSE(settings.ok()) << name;
    EXPECT_EQ(settings.error().status, Status::kInvalidArgument);
    EXPECT_NE(settings.error().message.find(std::string("\n  ") + name), std::string::npos);
    EXPECT_EQ(settings.error().message.find("ei_abc"), std::string::npos);
    EXPECT_TRUE(Read(Environment(name), std::string(name) + "=x").ok());
  }
  EXPECT_EQ(Read(Environment("SERIAL_PORT"), "", "/dev/pts/3")->serial_port, "/dev/pts/3");
}

TEST(Settings, AKeyThatCannotBeInAHeaderIsAMistakeThatIsNotRepeated) {
  Values values = Environment();
  values["EI_APIKEY"] = "ei_abc\r\nx: y";
  const auto settings = Read(values, "");
  ASSERT_FALSE(settings.ok());
  EXPECT_EQ(settings.error().message.find("ei_abc"), std::string::npos);
}

TEST(Studio, EiHostMeansWhatEdgeImpulsesToolsMakeOfIt) {
  const auto urls = [](const std::string& host) {
    const auto studio = ResolveStudio(host);
    if (!studio.ok()) return std::string("-");
    return Url(studio->management, "ws", "wss") + " " + Url(studio->ingestion, "http", "https");
  };
  EXPECT_EQ(urls(""), "wss://remote-mgmt.edgeimpulse.com/ https://ingestion.edgeimpulse.com/");
  EXPECT_EQ(urls("edgeimpulse.com"), "wss://remote-mgmt.edgeimpulse.com/ https://ingestion.edgeimpulse.com/");
  EXPECT_EQ(urls("localhost"), "ws://localhost:4802/ http://localhost:4810/");
  EXPECT_EQ(urls("192.168.1.7"), "ws://192.168.1.7:4802/ http://192.168.1.7:4810/");
  EXPECT_EQ(urls("host.docker.internal"), "ws://host.docker.internal:4802/ http://host.docker.internal:4810/");
  EXPECT_EQ(urls("tinyml.lan"), "wss://remote-mgmt.tinyml.lan/ https://ingestion.tinyml.lan/");
  EXPECT_EQ(urls("1.2.3.400"), "wss://remote-mgmt.1.2.3.400/ https://ingestion.1.2.3.400/") << "no IPv4 address";
  EXPECT_EQ(Url(ResolveStudio("localhost")->studio, "http", "https"), "http://localhost:4800/");
  EXPECT_EQ(Url(ResolveStudio("tinyml.lan")->studio, "http", "https"), "https://studio.tinyml.lan/");
  for (const char* bad : {"1.2.3.4:9000", "https://tinyml.lan", "tinyml.lan/", "a b", "::1", "-x", "a..b", "@evil"}) {
    EXPECT_EQ(urls(bad), "-") << bad;
  }
}

TEST(Studio, GivenAddressesArePlainOnThisComputerOnly) {
  const auto endpoint = ParseUrl("ws://127.0.0.1:8080/manage", true);
  ASSERT_TRUE(endpoint.ok());
  EXPECT_EQ(*endpoint, (Endpoint{false, "127.0.0.1", 8080, "/manage"}));
  EXPECT_EQ(*ParseUrl("https://a.b", false), (Endpoint{true, "a.b", 443, "/"}));
  EXPECT_TRUE(ParseUrl("http://localhost", false).ok());
  for (const char* bad : {"ws://a.b", "http://a.b", "wss://", "wss://a:0", "wss://a:70000", "wss://a:1x", "ftp://a",
                          "wss://a/ b", "wss://user@a", "wss://a:"}) {
    EXPECT_FALSE(ParseUrl(bad, true).ok()) << bad;
  }
}

}  // namespace
}  // namespace thimble::bridge
