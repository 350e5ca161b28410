#include "tests/served.h"

#include <catch_amalgamated.hpp>
#include <memory>
#include <string_view>
#include <utility>

#include "shared/str_cat.h"

namespace insitu {

Response Hello(const Request& request) {
  Response reply;
  reply.content_type = "text/plain";
  reply.body = std::make_shared<const std::string>(StrCat(request.method, " ", request.path));
  return reply;
}

Served::Served(const TransportLimits& limits, Handler handler)
    : Served(std::move(handler), TransportOptions{.limits = limits}) {}

Served::Served(Handler handler, TransportOptions options)
    : transport_(
          std::move(handler),
          [this](std::string_view message) {
            const std::lock_guard lock(mutex_);
            errors_.emplace_back(message);
          },
          std::move(options)) {
  const Status bound = transport_.Bind("127.0.0.1", 0);
  if (!bound.ok()) FAIL(bound.error().message);
  thread_ = std::thread([this] { ended_well_ = transport_.Serve(); });
}

Served::~Served() { Stop(); }

std::vector<std::string> Served::errors() {
  const std::lock_guard lock(mutex_);
  return errors_;
}

bool Served::Stop() {
  transport_.Stop();
  if (thread_.joinable()) thread_.join();
  return ended_well_;
}

}  // namespace insitu
