// Tests of how what people type becomes a request of an API, and how answers read.
#include "cli/api_request.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>

#include "compiler/temporary_folder.h"

namespace thimble::cli {
namespace {

using Json = nlohmann::ordered_json;

/// As the studio writes it, but short.
constexpr const char* kDescription = R"({"openapi": "3.1.0", "paths": {
  "/api/v1/things": {
    "get": {"summary": "The things.", "parameters": [
        {"name": "label", "in": "query", "schema": {"type": "string"}},
        {"name": "limit", "in": "query", "schema": {"type": "integer", "description": "So many."}}],
      "responses": {"2XX": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Things"}}}}}},
    "post": {"summary": "Makes a thing.",
      "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/NewThing"}}}},
      "responses": {"2XX": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Job"}}}}}}},
  "/api/v1/things/{thing}": {"delete": {"summary": "Forgets a thing.", "responses": {}},
    "post": {"summary": "Copies a thing.", "responses": {"2XX": {"content": {"image/png": {}}}}}},
  "/api/v1/things/edit": {"post": {"summary": "Edits.", "responses": {}}},
  "/api/v1/files": {"post": {"summary": "Brings files.",
    "requestBody": {"content": {"multipart/form-data": {}}}, "responses": {}}},
  "/api/v1/file": {"post": {"summary": "Brings a file.",
    "parameters": [{"name": "name", "in": "query", "schema": {"type": "string"}}],
    "requestBody": {"content": {"application/octet-stream": {}}}, "responses": {}}}},
  "components": {"schemas": {
    "Thing": {"type": "object", "properties": {"id": {"type": "integer"}, "label": {"type": "string"},
      "made_ms": {"type": "integer"}, "axes": {"type": "array"}}},
    "Things": {"type": "object", "properties": {
      "things": {"type": "array", "items": {"$ref": "#/components/schemas/Thing"}}, "next": {"type": "integer"}}},
    "Paint": {"type": "object", "properties": {"colour": {"enum": ["red", "blue"]}, "coats": {"type": "integer"}}},
    "NewThing": {"type": "object", "properties": {"kind": {"type": "string"}, "label": {"type": "string"},
        "ids": {"type": "array", "items": {"type": "integer"}}, "share": {"type": "number"},
        "on": {"type": "boolean"}, "size": {"type": ["integer", "null"]}, "settings": {"type": "object"},
        "parameters": {"type": "object"}},
      "oneOf": [{"properties": {"kind": {"const": "paint"}, "parameters": {"$ref": "#/components/schemas/Paint"}}}]}}}})";

class ApiRequestTest : public ::testing::Test {
 protected:
  ApiRequestTest() : description_(*ApiDescription::Parse(kDescription)) {}

  ApiRequest Request(const std::vector<std::string>& words) const {
    const auto request = description_.Request(words);
    EXPECT_TRUE(request.ok()) << (request.ok() ? "" : request.error().message);
    return request.ok() ? *request : ApiRequest{};
  }
  Json Body(std::vector<std::string> fields) const {
    fields.insert(fields.begin(), {"POST", "things"});
    const ApiRequest request = Request(fields);
    EXPECT_EQ(request.content_type, "application/json");
    return Json::parse(request.body, nullptr, false);
  }
  Error Refusal(const std::vector<std::string>& words) const {
    const auto request = description_.Request(words);
    EXPECT_FALSE(request.ok());
    return request.ok() ? Error{Status::kOk, ""} : request.error();
  }

  ApiDescription description_;
};

TEST_F(ApiRequestTest, APathAloneIsAsked) {
  for (const char* path : {"things", "/api/v1/things", "api/v1/things/"}) {
    const ApiRequest request = Request({path});
    EXPECT_EQ(request.method, "GET");
    EXPECT_EQ(request.target, "/api/v1/things");
    EXPECT_EQ(request.gives, "Things");
    EXPECT_EQ(request.body + request.content_type, "");
  }
  EXPECT_EQ(Request({"things", "label=a b&c", "limit=3"}).target, "/api/v1/things?label=a%20b%26c&limit=3");
  EXPECT_EQ(Request({"DELETE", "things/01:23 x"}).target, "/api/v1/things/01%3A23%20x");
}

TEST_F(ApiRequestTest, FieldsAreTypedByTheSchema) {
  EXPECT_EQ(Body({}).dump(), "{}");
  EXPECT_EQ(Body({"label=3", "share=0.5", "on=true", "size=null"}).dump(),
            R"({"label":"3","share":0.5,"on":true,"size":null})");
  EXPECT_EQ(Body({"ids=1,2,3"})["ids"].dump(), "[1,2,3]");
  EXPECT_EQ(Body({"ids=[4]"})["ids"].dump(), "[4]");
  EXPECT_EQ(Body({"ids="})["ids"].dump(), "[]");
  EXPECT_EQ(Body({"label=a=b@c"})["label"], "a=b@c");
  EXPECT_EQ(Body({"settings={\"a\":1}"})["settings"]["a"], 1);
  EXPECT_EQ(Body({"settings.deep.a=1", "settings.deep.b=two"})["settings"].dump(), R"({"deep":{"a":1,"b":"two"}})");
  EXPECT_NE(Refusal({"POST", "things", "share=much"}).message.find("share has to be a number, not 'much'"),
            std::string::npos);
  EXPECT_NE(Refusal({"POST", "things", "ids=1,x"}).message.find("a whole number"), std::string::npos);
}

TEST_F(ApiRequestTest, TheKindSaysWhatParametersThereAre) {
  EXPECT_EQ(Body({"parameters.coats=2", "kind=paint", "parameters.colour=red"}).dump(),
            R"({"kind":"paint","parameters":{"coats":2,"colour":"red"}})");
  const Error error = Refusal({"POST", "things", "kind=paint", "parameters.color=red"});
  EXPECT_EQ(error.status, Status::kInvalidArgument);
  EXPECT_NE(error.message.find("there are colour, coats"), std::string::npos) << error.message;
}

TEST_F(ApiRequestTest, FilesBecomeBodiesMembersAndParts) {
  const auto folder = compiler::TemporaryFolder::Make();
  ASSERT_TRUE(folder.ok());
  const std::string file = (folder->path() / "a.json").string();
  std::ofstream(file) << R"({"label":"from the file","on":true})";
  EXPECT_EQ(Body({"@" + file, "on=false"}).dump(), R"({"label":"from the file","on":false})");
  EXPECT_EQ(Body({"settings@" + file})["settings"]["on"], true);
  const ApiRequest form = Request({"POST", "files", "data@" + file, "data@" + file});
  ASSERT_TRUE(form.content_type.starts_with("multipart/form-data; boundary="));
  const std::string boundary = "--" + form.content_type.substr(form.content_type.find('=') + 1);
  const std::string part = boundary + "\r\nContent-Disposition: form-data; name=\"data\"; filename=\"a.json\"\r\n\r\n" +
                           R"({"label":"from the file","on":true})" + "\r\n";
  EXPECT_EQ(form.body, part + part + boundary + "--\r\n");
  const ApiRequest raw = Request({"POST", "file", "name=b", "@" + file});
  EXPECT_EQ(raw.target, "/api/v1/file?name=b");
  EXPECT_EQ(raw.content_type, "application/octet-stream");
  EXPECT_EQ(raw.body, R"({"label":"from the file","on":true})");
  EXPECT_EQ(Refusal({"POST", "file", "@" + file + ".not"}).status, Status::kNotFound);
}

TEST_F(ApiRequestTest, WhatThereIsNotIsNamedWithWhatThereIs) {
  EXPECT_EQ(Refusal({"thinks"}).status, Status::kNotFound);
  EXPECT_NE(Refusal({"thinks"}).message.find("--list"), std::string::npos);
  EXPECT_NE(Refusal({"PUT", "things"}).message.find("but GET, POST"), std::string::npos);
  EXPECT_NE(Refusal({"things", "labels=x"}).message.find("it takes label, limit"), std::string::npos);
  EXPECT_NE(Refusal({"things?limit=3"}).message.find("behind the path"), std::string::npos);
  EXPECT_NE(Refusal({"POST", "files", "name=x"}).message.find("data@FILE"), std::string::npos);
  EXPECT_NE(Refusal({"things", "label"}).message.find("NAME=VALUE"), std::string::npos);
  EXPECT_NE(Refusal({"DELETE", "things/3", "x=1"}).message.find("takes nothing"), std::string::npos);
  EXPECT_EQ(Refusal({}).status, Status::kInvalidArgument);
  EXPECT_EQ(Request({"POST", "things/3"}).gives, "image/png");
  EXPECT_EQ(Request({"POST", "things/edit"}).gives, "") << "the route's own name goes first";
}

TEST_F(ApiRequestTest, TheListSaysEveryRouteAndOnRequestWhatItTakes) {
  const std::string all = description_.List({});
  EXPECT_NE(all.find("GET    things\n       The things.\n"), std::string::npos) << all;
  EXPECT_EQ(all.find("So many."), std::string::npos);
  const std::string some = description_.List({"thing", "Makes"});
  EXPECT_EQ(some.find("The things."), std::string::npos);
  EXPECT_NE(some.find("share  number"), std::string::npos) << some;
  EXPECT_NE(description_.List({"The things"}).find("limit  integer. So many."), std::string::npos);
  EXPECT_EQ(description_.List({"nowhere"}), "");
}

TEST_F(ApiRequestTest, ListsAreTablesInTheOrderOfTheSchema) {
  const Json answer = Json::parse(R"({"next":3,"things":[{"axes":[1],"label":"wave","id":12},{"label":"x","id":3}]})");
  EXPECT_EQ(description_.Text(answer, "Things", 80), "id  label\n12   wave\n3       x\n");
  EXPECT_EQ(description_.Text(answer, "Things", 5), "id\n12\n3\n") << "as wide as the terminal";
  EXPECT_EQ(description_.Text(Json::parse(R"({"things":[]})"), "Things", 80), "none\n");
  EXPECT_EQ(description_.Text(Json::parse(R"({"label":"wave","id":3,"axes":[{"a":1}]})"), "Thing", 80),
            "id     3\nlabel  wave\n\naxes\na\n1\n");
  EXPECT_EQ(description_.Text(Json::parse(R"({"id":3,"axes":[]})"), "Thing", 80), "id    3\naxes  []\n");
  const std::string time = description_.Text(Json::parse(R"({"made_ms":1700000000000})"), "Thing", 80);
  EXPECT_NE(time.find("2023-11-1"), std::string::npos) << time;
}

TEST(ApiDescription, IsNotWhateverAnswersThere) {
  for (const char* text : {"", "[]", "{}", "<html>", R"({"paths":3})", R"({"paths":{"/other":{"get":{}}}})"}) {
    EXPECT_FALSE(ApiDescription::Parse(text).ok()) << text;
  }
  const auto odd = ApiDescription::Parse(R"({"paths":{"/api/v1/a":{"get":7,"post":{"requestBody":[1]}}}})");
  ASSERT_TRUE(odd.ok());
  EXPECT_TRUE(odd->Request({"a"}).ok());
  EXPECT_FALSE(odd->Request({"POST", "a", "b=c"}).ok());
}

}  // namespace
}  // namespace thimble::cli
