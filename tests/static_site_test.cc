#include "backend/static_site.h"

#include <catch_amalgamated.hpp>
#include <string>

#include "tests/made_site.h"

namespace insitu {
namespace {

using Catch::Matchers::ContainsSubstring;

StaticSite LoadOrFail(const MadeSite& made) {
  Result<StaticSite> site = StaticSite::Load(made.folder());
  if (!site.ok()) FAIL(site.error().message);
  return std::move(site.value());
}

std::string RefusalOf(const MadeSite& made, const SiteLimits& limits = {}) {
  const Result<StaticSite> site = StaticSite::Load(made.folder(), limits);
  return site.ok() ? std::string() : site.error().message;
}

Response Serve(const StaticSite& site, const std::string& path, std::vector<Header> headers = {}) {
  Request request;
  request.method = "GET";
  request.path = path;
  request.headers = std::move(headers);
  return site.Serve(request);
}

std::string HeaderOf(const Response& reply, const std::string& name) {
  for (const Header& header : reply.headers) {
    if (header.name == name) return header.value;
  }
  return "";
}

TEST_CASE("A site's files are served with their types", "[static_site]") {
  const MadeSite made;
  made.Write("models/seed.onnx", "model");
  const StaticSite site = LoadOrFail(made);
  const Response start = Serve(site, "/");
  CHECK(start.status == 200);
  CHECK(*start.body == "<!doctype html><title>InSitu</title>");
  CHECK(start.content_type == "text/html; charset=utf-8");
  CHECK(Serve(site, "/engine.wasm").content_type == "application/wasm");
  CHECK(*Serve(site, "/models/seed.onnx").body == "model");
  CHECK(site.file_count() == 5);
}

TEST_CASE("Every extension has its content type", "[static_site]") {
  CHECK(ContentTypeOf("a.html") == "text/html; charset=utf-8");
  CHECK(ContentTypeOf("a.js") == "text/javascript; charset=utf-8");
  CHECK(ContentTypeOf("a.mjs") == "text/javascript; charset=utf-8");
  CHECK(ContentTypeOf("a.css") == "text/css; charset=utf-8");
  CHECK(ContentTypeOf("a.json") == "application/json");
  CHECK(ContentTypeOf("a.js.map") == "application/json");
  CHECK(ContentTypeOf("a.wasm") == "application/wasm");
  CHECK(ContentTypeOf("a.onnx") == "application/octet-stream");
  CHECK(ContentTypeOf("a.svg") == "image/svg+xml");
  CHECK(ContentTypeOf("a.ico") == "image/x-icon");
  CHECK(ContentTypeOf("a.png") == "image/png");
  CHECK(ContentTypeOf("a.txt") == "text/plain; charset=utf-8");
  CHECK(ContentTypeOf("a.webmanifest") == "application/manifest+json");
  CHECK(ContentTypeOf("LICENSE") == "application/octet-stream");
}

TEST_CASE("Only exact names lead to a file", "[static_site]") {
  const MadeSite made;
  const StaticSite site = LoadOrFail(made);
  const std::string path =
      GENERATE("", "//", "/nothing", "/index.html/", "/INDEX.html", "/../index.html",
               "/./index.html", "//index.html", "/..", "/etc/passwd", "/../../etc/passwd",
               "/app-0a1b2c3d4e.js.br", "/headers.json", "*");
  CAPTURE(path);
  const Response reply = Serve(site, path);
  CHECK(reply.status == 404);
  CHECK_THAT(*reply.body, ContainsSubstring("404"));
  CHECK(HeaderOf(reply, "Cache-Control") == "no-store");
}

TEST_CASE("A name with a content hash is kept for ever, any other is asked for", "[static_site]") {
  const MadeSite made;
  const StaticSite site = LoadOrFail(made);
  CHECK(HeaderOf(Serve(site, "/app-0a1b2c3d4e.js"), "Cache-Control") ==
        "public, max-age=31536000, immutable");
  CHECK(HeaderOf(Serve(site, "/"), "Cache-Control") == "no-cache");
  CHECK(HeaderOf(Serve(site, "/engine.wasm"), "Cache-Control") == "no-cache");
}

TEST_CASE("A content hash is ten hexadecimal digits after a dash", "[static_site]") {
  CHECK(HasContentHash("app-0a1b2c3d4e.js"));
  CHECK(HasContentHash("app-0a1b2c3d4e.js.map"));
  CHECK(HasContentHash("a/engine-worker-0a1b2c3d4e.js"));
  for (const char* name : {"app.js", "app-0a1b2c3d4.js", "app-0a1b2c3d4e5.js", "app-0A1B2C3D4E.js",
                           "app-0a1b2c3d4g.js", "app0a1b2c3d4e.js", "-0a1b2c3d4e.js",
                           "app-0a1b2c3d4e", "app-0a1b2c3d4e/a.js", "app_0a1b2c3d4e.js"}) {
    CAPTURE(name);
    CHECK_FALSE(HasContentHash(name));
  }
}

TEST_CASE("Brotli goes to who accepts it, under a tag of its own", "[static_site]") {
  const MadeSite made;
  const StaticSite site = LoadOrFail(made);
  const std::string path = "/app-0a1b2c3d4e.js";
  const Response plain = Serve(site, path);
  const Response brotli = Serve(site, path, {{"Accept-Encoding", "gzip, br"}});
  CHECK(*plain.body == "console.log('plain')");
  CHECK(HeaderOf(plain, "Content-Encoding").empty());
  CHECK(*brotli.body == "not really brotli");
  CHECK(HeaderOf(brotli, "Content-Encoding") == "br");
  CHECK(brotli.content_type == "text/javascript; charset=utf-8");
  CHECK(HeaderOf(plain, "Vary") == "Accept-Encoding");
  CHECK(HeaderOf(brotli, "Vary") == "Accept-Encoding");
  CHECK(HeaderOf(plain, "ETag") != HeaderOf(brotli, "ETag"));

  const Response never = Serve(site, "/engine.wasm", {{"Accept-Encoding", "br"}});
  CHECK(HeaderOf(never, "Content-Encoding").empty());
  CHECK(HeaderOf(never, "Vary").empty());
}

TEST_CASE("A file that the browser has is not sent again", "[static_site]") {
  const MadeSite made;
  const StaticSite site = LoadOrFail(made);
  const std::string tag = HeaderOf(Serve(site, "/"), "ETag");
  REQUIRE(tag.size() == 34);
  const Response same = Serve(site, "/", {{"If-None-Match", "\"x\", " + tag}});
  CHECK(same.status == 304);
  CHECK(same.body == nullptr);
  CHECK(HeaderOf(same, "ETag") == tag);
  CHECK(HeaderOf(same, "Cache-Control") == "no-cache");
  CHECK(Serve(site, "/", {{"If-None-Match", "\"x\""}}).status == 200);

  const Header brotli{"Accept-Encoding", "br"};
  const std::string plain_tag = HeaderOf(Serve(site, "/app-0a1b2c3d4e.js"), "ETag");
  CHECK(Serve(site, "/app-0a1b2c3d4e.js", {brotli, {"If-None-Match", plain_tag}}).status == 200);
}

TEST_CASE("A changed byte changes the tag", "[static_site]") {
  const MadeSite made;
  const std::string before = HeaderOf(Serve(LoadOrFail(made), "/"), "ETag");
  made.Write("index.html", "<!doctype html><title>InSitU</title>");
  CHECK(HeaderOf(Serve(LoadOrFail(made), "/"), "ETag") != before);
}

TEST_CASE("A file that changes after the start is served as it was", "[static_site]") {
  const MadeSite made;
  const StaticSite site = LoadOrFail(made);
  made.Write("index.html", "changed");
  CHECK(*Serve(site, "/").body == "<!doctype html><title>InSitu</title>");
}

TEST_CASE("The site and its workers get their own policies", "[static_site]") {
  const MadeSite made;
  const StaticSite site = LoadOrFail(made);
  constexpr char kName[] = "Content-Security-Policy";
  const std::string no_frames = "; frame-ancestors 'none'";
  CHECK(HeaderOf(Serve(site, "/"), kName) == MadeSite::kPolicy + no_frames);
  CHECK(HeaderOf(Serve(site, "/engine-worker-00112233aa.js"), kName) ==
        MadeSite::kWorkerPolicy + no_frames);
}

TEST_CASE("A folder that is not a built site is refused with the reason", "[static_site]") {
  const MadeSite made;
  SECTION("no folder") {
    const auto site = StaticSite::Load(made.folder() / "nowhere");
    REQUIRE_FALSE(site.ok());
    CHECK_THAT(site.error().message, ContainsSubstring("--site"));
  }
  SECTION("a file") { CHECK_FALSE(StaticSite::Load(made.folder() / "index.html").ok()); }
  SECTION("no start page") {
    made.Remove("index.html");
    CHECK_THAT(RefusalOf(made), ContainsSubstring("no index.html"));
  }
  SECTION("no policy") {
    made.Remove("headers.json");
    CHECK_THAT(RefusalOf(made), ContainsSubstring("no headers.json"));
  }
  SECTION("a policy that is not understood") {
    made.Write("headers.json", "{}");
    CHECK_THAT(RefusalOf(made), ContainsSubstring("csp"));
  }
  SECTION("a worker that is not there") {
    made.Remove("engine-worker-00112233aa.js");
    CHECK_THAT(RefusalOf(made), ContainsSubstring("engine-worker-00112233aa.js"));
  }
  SECTION("brotli of nothing") {
    made.Remove("app-0a1b2c3d4e.js");
    CHECK_THAT(RefusalOf(made), ContainsSubstring("app-0a1b2c3d4e.js.br without"));
  }
  SECTION("a hidden file") {
    made.Write(".git/HEAD", "ref");
    CHECK_THAT(RefusalOf(made), ContainsSubstring("hidden"));
  }
  SECTION("a link") {
    std::filesystem::create_symlink("/etc/passwd", made.folder() / "users.txt");
    CHECK_THAT(RefusalOf(made), ContainsSubstring("users.txt, which is a link"));
  }
}

TEST_CASE("A site has a largest size and a largest number of files", "[static_site]") {
  const MadeSite made;
  size_t files = 0;
  size_t bytes = 0;
  for (const auto& entry : std::filesystem::directory_iterator(made.folder())) {
    ++files;
    bytes += entry.file_size();
  }
  CHECK(RefusalOf(made, {.max_bytes = bytes, .max_files = files}).empty());
  CHECK_THAT(RefusalOf(made, {.max_bytes = bytes - 1, .max_files = files}),
             ContainsSubstring("kMaxSiteBytes"));
  CHECK_THAT(RefusalOf(made, {.max_bytes = bytes, .max_files = files - 1}),
             ContainsSubstring("kMaxSiteFiles"));
}

}  // namespace
}  // namespace insitu
