/* The simulated CUDA machine: matrix products of a warpgroup (wgmma) and transposed loads (ldmatrix).
 *
 * A thread only records its products. They are computed when its warp waits for them, as late as a GPU may, so that a product reads
 * shared memory that was overwritten too early. */
#include "machine.h"
#include <string.h>

using machine::running;
extern "C" void sim_broken(const char* rule);
extern "C" const void* sim_warp_exchange(const void* value, size_t bytes);
extern "C" unsigned sim_lane_index;

namespace {
const unsigned WARP = 32, ROWS = 16, DEPTH = 16, MOST_COLUMNS = 256;

/* What the lanes of a warp must have in common. */
struct Shape {
    unsigned long long a, b; /* descriptors */
    int columns, mn_major, adds, in_registers;
    unsigned group;
    uint32_t begun; /* of the first lane: when the product was issued */
    bool operator==(const Shape& o) const {
        return a == o.a && b == o.b && columns == o.columns && mn_major == o.mn_major && adds == o.adds && in_registers == o.in_registers
                && group == o.group;
    }
};
struct Product {
    Shape shape;
    float* c;
    unsigned a[4];     /* operands in registers */
    bool continues;    /* whether an earlier product under way has the same sums */
    float before[128]; /* the sums before it, if it does not continue */
};
struct Thread {
    std::vector<Product> products; /* under way */
    bool began, has_begun;         /* whether products_begin was called in this group; in any */
    unsigned group, later;         /* the group that is filled; how many groups the thread does not wait for */
    size_t issued;                 /* a hash of all its products */
} threads[1024];
bool used;

typedef float Eight __attribute__((vector_size(32)));
alignas(64) float left[ROWS][DEPTH], right[DEPTH][MOST_COLUMNS], sums[ROWS][MOST_COLUMNS];

float value_of(unsigned half) {
    const unsigned bits = half << 16;
    float value;
    memcpy(&value, &bits, 4);
    return value;
}

/* An operand in shared memory, as a descriptor states it. */
struct Operand {
    size_t begin, leading, stride;
    bool swizzled;
    explicit Operand(unsigned long long bits)
        : begin((bits & 0x3fff) << 4), leading((bits >> 16 & 0x3fff) << 4), stride((bits >> 32 & 0x3fff) << 4), swizzled(bits >> 62 == 1) {}
    /* 8 values that follow each other. The product was not recorded if they are not in shared memory. */
    const uint16_t* chunk(size_t offset) const {
        size_t at = begin + offset;
        if (swizzled) at ^= at >> 3 & 0x70;
        return (const uint16_t*) (running.shared + at);
    }
    /* The chunk k / 8 of row r of a K-major operand. */
    const uint16_t* k_chunk(size_t row, size_t k) const {
        return swizzled ? chunk(row / 8 * stride + row % 8 * 128 + k * 2) : chunk(row / 8 * stride + k / 8 * leading + row % 8 * 16);
    }
    /* The chunk n / 8 of depth k of an MN-major operand. */
    const uint16_t* n_chunk(size_t k, size_t n) const { return chunk(n / 64 * leading + k / 8 * stride + k % 8 * 128 + n % 64 * 2); }
};

/* Calls visit with each chunk of the operands of a warp. */
template <class Visit>
void visit_chunks(const Shape& shape, unsigned first_row, Visit visit) {
    const Operand a(shape.a), b(shape.b);
    const unsigned columns = (unsigned) shape.columns;
    for (unsigned row = 0; !shape.in_registers && row < ROWS; row++) {
        for (unsigned k = 0; k < DEPTH; k += 8) visit(a.k_chunk(first_row + row, k));
    }
    for (unsigned k = 0; shape.mn_major && k < DEPTH; k++) {
        for (unsigned n = 0; n < columns; n += 8) visit(b.n_chunk(k, n));
    }
    for (unsigned n = 0; !shape.mn_major && n < columns; n++) {
        for (unsigned k = 0; k < DEPTH; k += 8) visit(b.k_chunk(n, k));
    }
}

/* Checks what a warp wants to multiply. Returns false after a violation. */
bool check_begins(const Shape& shape, unsigned warp) {
    for (unsigned long long bits : {shape.in_registers ? shape.b : shape.a, shape.b}) {
        const char* broken = bits >> 62 > 1 ? "a matrix operand whose layout the simulated machine does not know"
                : bits >> 62 == 1 && (bits & 0x3f) / 8 != 0 ? "a matrix operand whose tile does not begin at a multiple of 1024 bytes"
                : bits >> 62 == 0 && shape.mn_major ? "an MN-major operand without swizzle, which the simulated machine does not know"
                : nullptr;
        if (broken == nullptr) continue;
        sim_broken(broken);
        return false;
    }
    bool inside = true;
    visit_chunks(shape, warp % 4 * ROWS, [&](const uint16_t* chunk) {
        inside = inside && (size_t) chunk + 16 <= running.shared + running.shared_bytes;
        if (inside && machine::detects_races()) machine::check_product_begins(chunk, 16);
    });
    if (!inside) sim_broken("a matrix operand that is not in shared memory");
    return inside;
}

void decode_left(const Product* const* lanes, const Shape& shape, unsigned first_row) {
    if (shape.in_registers) {
        for (unsigned lane = 0; lane < WARP; lane++) {
            for (unsigned i = 0; i < 4; i++) {
                float* to = &left[lane / 4 + i % 2 * 8][lane % 4 * 2 + i / 2 * 8];
                to[0] = value_of(lanes[lane]->a[i] & 0xffff);
                to[1] = value_of(lanes[lane]->a[i] >> 16);
            }
        }
        return;
    }
    const Operand a(shape.a);
    for (unsigned row = 0; row < ROWS; row++) {
        for (unsigned k = 0; k < DEPTH; k += 8) {
            const uint16_t* from = a.k_chunk(first_row + row, k);
            for (unsigned i = 0; i < 8; i++) left[row][k + i] = value_of(from[i]);
        }
    }
}

void decode_right(const Shape& shape) {
    const Operand b(shape.b);
    const unsigned columns = (unsigned) shape.columns;
    if (shape.mn_major) {
        for (unsigned k = 0; k < DEPTH; k++) {
            for (unsigned n = 0; n < columns; n += 8) {
                const uint16_t* from = b.n_chunk(k, n);
                for (unsigned i = 0; i < 8; i++) right[k][n + i] = value_of(from[i]);
            }
        }
        return;
    }
    for (unsigned n = 0; n < columns; n++) {
        for (unsigned k = 0; k < DEPTH; k += 8) {
            const uint16_t* from = b.k_chunk(n, k);
            for (unsigned i = 0; i < 8; i++) right[k + i][n] = value_of(from[i]);
        }
    }
}

void add_product(unsigned columns) {
    for (unsigned n = 0; n < columns; n += 8) {
        for (unsigned row = 0; row < ROWS; row += 4) {
            Eight sum[4];
            for (unsigned i = 0; i < 4; i++) memcpy(&sum[i], &sums[row + i][n], sizeof(Eight));
            for (unsigned k = 0; k < DEPTH; k++) {
                Eight b;
                memcpy(&b, &right[k][n], sizeof b);
                for (unsigned i = 0; i < 4; i++) sum[i] += left[row + i][k] * b;
            }
            for (unsigned i = 0; i < 4; i++) memcpy(&sums[row + i][n], &sum[i], sizeof(Eight));
        }
    }
}

/* Copies between the sums of a warp and the registers of its lanes. */
void move_sums(const Product* const* lanes, int columns, bool to_lanes) {
    for (unsigned lane = 0; lane < WARP; lane++) {
        const float* from = lanes[lane]->continues ? lanes[lane]->c : lanes[lane]->before;
        for (int i = 0; i < columns / 8; i++) {
            for (int half = 0; half < 2; half++) {
                float* sum = &sums[lane / 4 + (unsigned) half * 8][(unsigned) (8 * i) + lane % 4 * 2];
                if (to_lanes) memcpy(lanes[lane]->c + 4 * i + 2 * half, sum, 8);
                else memcpy(sum, from + 4 * i + 2 * half, 8);
            }
        }
    }
}

/* While a product is under way its sums are NaN, so that a thread that reads them too early is wrong. */
void hide_sums(Product& product) {
    const int count = product.shape.columns / 2;
    memcpy(product.before, product.c, sizeof(float) * (size_t) count);
    memset(product.c, 0xff, sizeof(float) * (size_t) count);
}

void check_hidden(const Product& product) {
    for (int i = 0; i < product.shape.columns / 2; i++) {
        unsigned bits;
        memcpy(&bits, product.c + i, sizeof bits);
        if (bits == 0xffffffffu) continue;
        sim_broken("changes the sums of a matrix product before it has waited for it");
        return;
    }
}

/* The product of each lane with an index; false and a violation if they differ. */
bool gather_lanes(unsigned first, size_t index, const Product** lanes) {
    for (unsigned lane = 0; lane < WARP; lane++) {
        const auto& products = threads[first + lane].products;
        if (index >= products.size() || !(products[index].shape == threads[first].products[index].shape)) {
            sim_broken("the lanes of a warp take part in different matrix products");
            return false;
        }
        lanes[lane] = &products[index];
    }
    return true;
}
}  // namespace

void machine::begin_products() {
    if (used) {
        for (Thread& thread : threads) {
            thread.products.clear();
            thread.group = 0;
            thread.issued = 0;
            thread.began = thread.has_begun = false;
        }
    }
    used = false;
}

void machine::end_products(unsigned count) {
    if (!used) return;
    for (unsigned i = 0; i < count; i++) {
        if (!threads[i].products.empty()) sim_broken("the block ends, and no thread has waited for its matrix products");
        if (threads[i].issued != threads[i / 128 * 128].issued) sim_broken("the warps of a warpgroup take part in different matrix products");
    }
}

void machine::compute_products(unsigned warp, bool whole) {
    const unsigned first = warp * WARP;
    if (!whole) {
        sim_broken("waits for matrix products, and some lanes of its warp have ended");
        return;
    }
    const Product* lanes[WARP];
    size_t done = 0;
    auto& products = threads[first].products;
    for (; done < products.size() && threads[first].group - products[done].shape.group > threads[first].later; done++) {
        if (!gather_lanes(first, done, lanes)) break;
        const Shape& shape = lanes[0]->shape;
        /* Successive products add to the same registers: the sums are moved before the first and after the last one. */
        const bool loaded = done > 0 && products[done - 1].c == lanes[0]->c && products[done - 1].shape.columns == shape.columns;
        for (unsigned lane = 0; lane < WARP; lane++) {
            if (!lanes[lane]->continues) check_hidden(*lanes[lane]);
        }
        if (!shape.adds) memset(sums, 0, sizeof sums);
        else if (!loaded) move_sums(lanes, shape.columns, false);
        if (detects_races()) {
            visit_chunks(shape, warp % 4 * ROWS, [&](const uint16_t* chunk) { check_product_ends(chunk, 16, shape.begun); });
        }
        decode_left(lanes, shape, warp % 4 * ROWS);
        decode_right(shape);
        add_product((unsigned) shape.columns);
        const bool goes_on = done + 1 < products.size() && products[done + 1].c == lanes[0]->c
                && products[done + 1].shape.columns == shape.columns;
        if (!goes_on || threads[first].group - products[done + 1].shape.group <= threads[first].later) move_sums(lanes, shape.columns, true);
    }
    for (unsigned lane = 0; lane < WARP; lane++) {
        auto& all = threads[first + lane].products;
        all.erase(all.begin(), all.begin() + (long) (done < all.size() ? done : all.size()));
    }
}

API void sim_product(float* c, const unsigned* rows, unsigned long long a, unsigned long long b, int columns, int mn_major, int adds) {
    used = true;
    Thread& thread = threads[running.thread];
    if (!thread.has_begun || (rows != nullptr && !thread.began)) sim_broken("a matrix product without products_begin before it");
    thread.products.emplace_back();
    Product& product = thread.products.back();
    product.shape = {a, b, columns, mn_major, adds != 0, rows != nullptr, thread.group, 0};
    product.c = c;
    product.continues = false;
    for (size_t i = 0; i + 1 < thread.products.size(); i++) {
        product.continues = product.continues || (thread.products[i].c == c && thread.products[i].shape.columns == columns);
    }
    if (!product.continues) hide_sums(product);
    if (running.thread % WARP == 0) {
        if (!check_begins(product.shape, running.thread / WARP)) {
            thread.products.pop_back();
            return;
        }
        product.shape.begun = ++running.time;
    }
    if (rows != nullptr) memcpy(product.a, rows, sizeof product.a);
    for (unsigned long long each : {a, b, (unsigned long long) columns * 4 + (unsigned) mn_major * 2 + (adds != 0)}) {
        thread.issued = (thread.issued ^ each) * 0x100000001b3ull;
    }
}

API void sim_products_begin() { threads[running.thread].began = threads[running.thread].has_begun = true; }

API void sim_products_end() {
    threads[running.thread].group++;
    threads[running.thread].began = false;
}

API void sim_products_arrived(unsigned later) {
    threads[running.thread].later = later;
    machine::wait_for_products();
}

/* Each lane gives the address of a row of 8 values: lanes 8 i to 8 i + 7 those of matrix i. */
API void sim_load_transposed(unsigned* a, const void* row) {
    const char* all = (const char*) sim_warp_exchange(&row, sizeof row);
    const unsigned lane = sim_lane_index;
    for (unsigned i = 0; i < 4; i++) {
        a[i] = 0;
        for (unsigned half = 0; half < 2; half++) {
            const char* from;
            memcpy(&from, all + (8 * i + lane % 4 * 2 + half) * 64, sizeof from);
            const size_t offset = (size_t) from - running.shared;
            if (offset % 16 != 0 || offset + 16 > running.shared_bytes) {
                sim_broken("a transposed load of a row that is not in shared memory or not at a multiple of 16 bytes");
                return;
            }
            from += lane / 4 * 2;
            machine::check_shared(from, 2, false);
            uint16_t value;
            memcpy(&value, from, 2);
            a[i] |= (unsigned) value << (16 * half);
        }
    }
}
