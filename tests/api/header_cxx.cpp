// SPDX-License-Identifier: LGPL-2.1-or-later
// Every public header, alone and twice, as C++17; see headers.
#include <balloon/sim.h>
#include <balloon/balloon.h>
#include <balloon/backend.h>
#include <balloon/sim.h>

#include <type_traits>

// Plain structs of C: what goes over the door can be copied as bytes.
template <typename T> constexpr bool plain = std::is_standard_layout_v<T> && std::is_trivial_v<T>;
static_assert(plain<struct balloon_sample> && plain<struct balloon_order>);
static_assert(plain<struct balloon_policy> && plain<struct balloon_profile>);
static_assert(plain<struct balloon_report> && plain<struct balloon_guest_report>);
static_assert(offsetof(struct balloon_report, struct_size) == 0);
static_assert(offsetof(struct balloon_policy, struct_size) == 0);
static_assert(offsetof(struct balloon_profile, struct_size) == 0);
static_assert(offsetof(struct balloon_options, struct_size) == 0);
static_assert(offsetof(struct balloon_backend, struct_size) == 0);
static_assert(BALLOON_UNKNOWN == ~uint64_t{0});

int first_look();

int first_look()
{
	balloon_options o{};
	balloon *b = nullptr;

	o.struct_size = sizeof(o);
	o.uri = "sim:guests=3";
	if (balloon_open(&o, &b) < 0)
		return 1;
	balloon_close(b);
	return 0;
}
