// Tells systemd how the service does, where it was started as one (sd_notify(3)).
#pragma once

#include <string_view>

namespace insitu {

// Sends "READY=1" or "STOPPING=1" as one datagram to $NOTIFY_SOCKET; without that does nothing, and
// a manager that does not listen is no reason to fail.
void NotifyServiceManager(std::string_view state);

}  // namespace insitu
