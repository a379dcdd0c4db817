/**
 * Wharfinger for Java: submit tasks, follow them over broken connections, and handle those that stop half-way.
 *
 * <p>Begin with {@link dev.wharfinger.client.WharfingerClient}. All calls block, and are made for virtual threads as well as
 * for platform threads; {@code submitAsync} and {@code resultAsync} give futures. What the API tells in full is in the
 * generated messages of {@code dev.wharfinger.v1}.
 */
package dev.wharfinger.client;
