/*
 * Key sets are made in steps of less than a millisecond, between which other
 * events have their turn; most are done within the first.
 */

#include "idt_source/zone.h"


namespace id_token::nginx {


static void making_event(ngx_event_t *ev) noexcept;
static void keys_caught_up(key_source_t *keys,
    KeySetBuilder::Progress progress) noexcept;


making_t::making_t(key_source_t *source, std::string_view document,
    making_done_pt handler)
    : keys(source), done(handler),
      builder(std::string(document), keys_next_id())
{
    event.handler = making_event;
    event.data = this;
    event.log = source->cycle->log;
}


/* may call the handler, which may delete it */

void
making_step(making_t *making) noexcept
{
    KeySetBuilder::Progress  progress;

    try {
        progress = making->builder.step(kKeySetStep);

    } catch (...) {
        making->no_memory = true;
        progress = KeySetBuilder::Progress::failed;
    }

    if (progress == KeySetBuilder::Progress::more) {
        ngx_post_event(&making->event, &ngx_posted_next_events);
        return;
    }

    making->done(making->keys, progress);
}


static void
making_event(ngx_event_t *ev) noexcept
{
    making_t      *making;
    key_source_t  *keys;

    making = static_cast<making_t *>(ev->data);
    keys = making->keys;

    if (keys_of_former_cycle(keys)) {
        return;
    }

    making_step(making);

    /* who waited for it */

    keys_changed(keys);
}


/*
 * The former set stays in use while the new one is made; whatever goes wrong,
 * it is not used any more.
 */

void
keys_catch_up(key_source_t *keys) noexcept
{
    uint64_t     generation;
    std::string  body;

    generation = keys->zone->generation.load(std::memory_order_acquire);

    if (generation == keys->generation
        || (keys->making && keys->making->generation == generation))
    {
        return;
    }

    keys->making.reset();

    try {
        if (!zone_read(keys, body, &generation)) {
            keys->retired = std::move(keys->set);
            return;
        }

        keys->making = std::make_unique<making_t>(keys, body, keys_caught_up);
        keys->making->generation = generation;

    } catch (...) {
        keys_caught_up(keys, KeySetBuilder::Progress::failed);
        return;
    }

    making_step(keys->making.get());
}


static void
keys_caught_up(key_source_t *keys, KeySetBuilder::Progress progress) noexcept
{
    auto  making = std::move(keys->making);

    keys->retired = std::move(keys->set);

    if (progress == KeySetBuilder::Progress::done) {
        keys->set = making->builder.take();
        keys->generation = making->generation;
        return;
    }

    if (!making || making->no_memory) {
        ngx_log_error(NGX_LOG_ERR, keys->cycle->log, 0,
                      "id_token_provider \"%V\": no memory for the keys",
                      &keys->settings.provider);
    }
}


}  // namespace id_token::nginx
