// A site for tests in a folder of its own, removed at the end.
#pragma once

#include <filesystem>
#include <string>

namespace insitu {

class MadeSite {
 public:
  static constexpr char kPolicy[] = "default-src 'none'; script-src 'self'";
  static constexpr char kWorkerPolicy[] = "default-src 'none'";

  // Has index.html, app-0a1b2c3d4e.js with its .br, engine-worker-00112233aa.js, engine.wasm and
  // headers.json with the policies above.
  MadeSite();
  ~MadeSite();
  MadeSite(const MadeSite&) = delete;
  MadeSite& operator=(const MadeSite&) = delete;

  const std::filesystem::path& folder() const { return folder_; }
  void Write(const std::string& name, const std::string& bytes) const;
  void Remove(const std::string& name) const;

 private:
  std::filesystem::path folder_;
};

}  // namespace insitu
