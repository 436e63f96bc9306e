#include "http/coding.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "http/message.h"

namespace thimble::http {
namespace {

TEST(Coding, PercentSignsAreReadStrictly) {
  EXPECT_EQ(PercentDecode("%C3%A9%201"), "\xC3\xA9 1");
  EXPECT_EQ(PercentDecode("a+b"), "a+b");
  EXPECT_EQ(PercentDecode("a+b", true), "a b");
  for (const char* wrong : {"%", "%4", "%zz", "a%2", "%-1", "%00"}) EXPECT_FALSE(PercentDecode(wrong)) << wrong;
}

RC_GTEST_PROP(Coding, WhatIsPercentEncodedComesBack, (std::string text)) {
  std::erase(text, '\0');
  RC_ASSERT(PercentDecode(PercentEncode(text)) == text);
}

RC_GTEST_PROP(Coding, WhatIsInBase64ComesBack, (const std::string& bytes)) {
  RC_ASSERT(FromBase64(Base64(bytes)) == bytes);
}

TEST(Coding, Base64OfTheSpecificationAndNothingElse) {
  EXPECT_EQ(Base64("fooba"), "Zm9vYmE=");  // RFC 4648, 10
  for (const char* wrong : {"Zm9", "Zm9vYmE", "Z===", "Zm=v", "Zm9vYmE=Zm9v", "Zm 9"})
    EXPECT_FALSE(FromBase64(wrong)) << wrong;
}

TEST(Coding, FormsAreReadInOrderWithRepeatsAndEmptyValues) {
  const Fields expected = {{"a", "1"}, {"b", " x"}, {"a", ""}, {"c", ""}};
  EXPECT_EQ(ParseForm("a=1&b=+x&a=&&c"), expected);
  EXPECT_FALSE(ParseForm("a=%q"));
}

TEST(Coding, CookiesComeAndGo) {
  const Fields expected = {{"jwt", "abc=="}, {"x", "y"}};
  EXPECT_EQ(ParseCookies("jwt=abc==; nonsense; x=\"y\""), expected);
  EXPECT_EQ(WriteCookie({.name = "s", .value = "1", .max_age_s = 60}),
            "s=1; Path=/; Max-Age=60; Secure; HttpOnly; SameSite=Lax");
}

TEST(Coding, BasicHasAUserAndAPasswordWithColons) {
  const auto credentials = ParseBasic("basic " + Base64("ann:a:b"));
  ASSERT_TRUE(credentials);
  EXPECT_EQ(credentials->user, "ann");
  EXPECT_EQ(credentials->password, "a:b");
  EXPECT_FALSE(ParseBasic("Bearer x"));
  EXPECT_FALSE(ParseBasic("Basic " + Base64("ann")));
}

TEST(Coding, DatesGoBothWaysAndTheImpossibleIsNone) {
  EXPECT_EQ(WriteDate(784111777), "Sun, 06 Nov 1994 08:49:37 GMT");  // RFC 9110, 5.6.7
  EXPECT_EQ(ParseDate("Sun, 06 Nov 1994 08:49:37 GMT"), 784111777);
  for (const char* wrong :
       {"Mon, 06 Nov 1994 08:49:37 GMT", "Sun, 31 Jun 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", ""}) {
    EXPECT_FALSE(ParseDate(wrong)) << wrong;
  }
}

RC_GTEST_PROP(Coding, EveryDateComesBack, (uint32_t unix_s)) {
  RC_ASSERT(ParseDate(WriteDate(unix_s)) == int64_t{unix_s});
}

TEST(Coding, JsonStringsAreSafeWhateverTheBytes) {
  EXPECT_EQ(JsonString("a\"\\\n\x01\xC3\xA9"), "\"a\\\"\\\\\\n\\u0001\xC3\xA9\"");
  EXPECT_EQ(JsonString("\xff"), "\"\xEF\xBF\xBD\"");
}

TEST(Coding, Utf8WithoutOverlongFormsAndSurrogates) {
  EXPECT_TRUE(IsUtf8("\xF4\x8F\xBF\xBF\xE2\x82\xAC"));
  for (const char* wrong :
       {"\xC0\x80", "\xE0\x80\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xF0\x80\x80\x80", "\x80", "\xE2\x82"}) {
    EXPECT_FALSE(IsUtf8(wrong));
  }
}

TEST(Coding, ListsHaveWordsInAnyCase) {
  EXPECT_TRUE(ListHas("keep-alive, UPGRADE", "upgrade"));
  EXPECT_TRUE(ListHas("br;q=1.0 , gzip;q=0.8", "gzip"));
  EXPECT_FALSE(ListHas("gzipped", "gzip"));
}

TEST(Message, TagsAreComparedWeaklyAndMakeA304) {
  EXPECT_TRUE(TagMatches("\"a\", W/\"b\"", "\"b\""));
  EXPECT_TRUE(TagMatches("*", "\"b\""));
  EXPECT_FALSE(TagMatches("\"ab\"", "\"b\""));
  Request request;
  request.method = "GET";
  request.headers.Add("if-none-match", "\"t\"");
  Response response = Response::Json(200, "{}");
  ApplyTag(request, response, "\"t\"");
  EXPECT_EQ(response.status, 304);
  EXPECT_TRUE(response.body.empty());
  request.method = "PUT";
  response = Response::Json(200, "{}");
  ApplyTag(request, response, "\"t\"");
  EXPECT_EQ(response.status, 200);
}

TEST(Message, ProblemsAreJsonWithWhatTheyAreAbout) {
  const Response problem = Response::Problem(404, "no \"x\"", R"("field":"name")");
  EXPECT_EQ(problem.headers.Get("content-type"), "application/problem+json");
  EXPECT_EQ(problem.body,
            R"({"type":"about:blank","title":"Not Found","status":404,"detail":"no \"x\"","field":"name"})");
}

TEST(Message, EventsOfSeveralLines) {
  EXPECT_EQ(EventText("log", "a\nb", "7"), "id: 7\nevent: log\ndata: a\ndata: b\n\n");
}

}  // namespace
}  // namespace thimble::http
