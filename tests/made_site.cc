#include "tests/made_site.h"

#include <cstdlib>
#include <fstream>

#include "shared/str_cat.h"

namespace insitu {

MadeSite::MadeSite() {
  std::string name = (std::filesystem::temp_directory_path() / "insitu-site-XXXXXX").string();
  folder_ = ::mkdtemp(name.data());
  Write("index.html", "<!doctype html><title>InSitu</title>");
  Write("app-0a1b2c3d4e.js", "console.log('plain')");
  Write("app-0a1b2c3d4e.js.br", "not really brotli");
  Write("engine-worker-00112233aa.js", "postMessage(1)");
  Write("engine.wasm", std::string("\0asm\1\0\0\0", 8));
  Write("headers.json", StrCat(R"({"csp": ")", kPolicy, R"(", "worker_csp": ")", kWorkerPolicy,
                               R"(", "workers": ["engine-worker-00112233aa.js"]})"));
}

MadeSite::~MadeSite() { std::filesystem::remove_all(folder_); }

void MadeSite::Write(const std::string& name, const std::string& bytes) const {
  std::filesystem::create_directories((folder_ / name).parent_path());
  std::ofstream(folder_ / name, std::ios::binary) << bytes;
}

void MadeSite::Remove(const std::string& name) const { std::filesystem::remove(folder_ / name); }

}  // namespace insitu
