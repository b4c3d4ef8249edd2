#pragma once
// ESPHome's own network component defines ip_addr_t on the host.
