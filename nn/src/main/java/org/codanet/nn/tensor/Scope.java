package org.codanet.nn.tensor;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * Owner of tensors, operations and other resources. Closing a scope closes what was registered in it, newest first; nothing else
 * closes it. Scopes form a tree by lifetime, for example process, model, training step. Open every scope in a {@code try}.
 *
 * <p>Closing removes the scope from its parent and closes every resource, even if one fails. It then throws one exception in which
 * each failure is suppressed. Thread-safe; a second {@link #close} does nothing.
 */
public final class Scope implements AutoCloseable {
    private final String path;
    private final Scope parent;
    private final List<AutoCloseable> resources = new ArrayList<>();
    private boolean closed;

    private Scope(String path, Scope parent) {
        this.path = path;
        this.parent = parent;
    }

    /** A root scope. */
    public static Scope open(String name) {
        return new Scope(Objects.requireNonNull(name, "name"), null);
    }

    /**
     * A scope inside this one. It closes with this scope at the latest.
     *
     * @throws IllegalStateException if this scope is closed
     */
    public Scope child(String name) {
        Scope child = new Scope(path + "/" + name, this);
        register(child);
        return child;
    }

    /**
     * Makes this scope the owner of a resource, and returns the resource.
     *
     * @throws IllegalStateException if this scope is closed; the resource is closed first
     */
    public <T extends AutoCloseable> T register(T resource) {
        synchronized (this) {
            if (!closed) {
                resources.add(resource);
                return resource;
            }
        }
        IllegalStateException refusal = new IllegalStateException("scope '" + path + "' is closed");
        try {
            resource.close();
        } catch (Exception e) {
            refusal.addSuppressed(e);
        }
        throw refusal;
    }

    /** Names from the root, separated by slashes. */
    public String path() {
        return path;
    }

    /** Number of resources that this scope and its children own. */
    public synchronized int live() {
        int count = 0;
        for (AutoCloseable resource : resources) {
            count += resource instanceof Scope scope ? scope.live() : 1;
        }
        return count;
    }

    /** Whether {@link #close} was called. */
    public synchronized boolean isClosed() {
        return closed;
    }

    @Override
    public void close() {
        List<AutoCloseable> owned;
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
            owned = new ArrayList<>(resources);
            resources.clear();
        }
        if (parent != null) {
            parent.forget(this);
        }
        IllegalStateException failure = null;
        for (AutoCloseable resource : owned.reversed()) {
            try {
                resource.close();
            } catch (Exception e) {
                if (failure == null) {
                    failure = new IllegalStateException("scope '" + path + "' could not close everything it owns");
                }
                failure.addSuppressed(e);
            }
        }
        if (failure != null) {
            throw failure;
        }
    }

    private synchronized void forget(Scope child) {
        // Searched from the end: the scope that closes is mostly the newest.
        for (int i = resources.size() - 1; i >= 0; i--) {
            if (resources.get(i) == child) {
                resources.remove(i);
                return;
            }
        }
    }

    @Override
    public String toString() {
        return "scope '" + path + "'";
    }
}
