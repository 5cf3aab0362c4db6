// Multiplication of packed matrices by columns, over the sixteen-row operations of one of the lanes_*.h. Included once
// for every instruction set.

// The weights of a matrix in the order in which `multiply` reads them.
inline void pack_weights(const int8_t* from, int stride, int rows, int inputs, int8_t* to) {
  for (int first = 0; first < rows / kBlock; first += kGroup) {
    const int blocks = std::min(kGroup, rows / kBlock - first);
    for (int b = 0; b < blocks; ++b)
      for (int r = 0; r < kBlock; ++r)
        for (int i = 0; i < inputs; ++i)
          to[weight_at(b, r, i, blocks, inputs)] = from[((first + b) * kBlock + r) * stride + i];
    to += size_t{kBlock} * blocks * inputs;
  }
}

// B blocks of rows, from block `first` of a group, times T columns, held in registers.
template <int B, int T, bool Raw>
TARGET inline void multiply_cell(const Matrix& m, const int8_t* group, int first, int blocks, int row,
                                 const Column* column) {
  Acc acc[B][T];
  UNROLL
  for (int b = 0; b < B; ++b) {
    UNROLL
    for (int t = 0; t < T; ++t) acc[b][t] = load_acc(column[t].start + row + kBlock * b);
  }
  accumulate<B, T>(acc, group + weight_at(first, 0, 0, blocks, m.inputs), blocks, m.inputs, column);
  UNROLL
  for (int b = 0; b < B; ++b, row += kBlock) {
    UNROLL
    for (int t = 0; t < T; ++t) {
      if constexpr (Raw) {
        store_acc(column[t].sums + row, acc[b][t]);
      } else {
        const Half result = requantise(acc[b][t], m.shift + row, m.multiplier + row);
        store_half(column[t].out + row, add(result, load_half(column[t].add + row)));
      }
    }
  }
}

// A group of blocks, in cells that fit the registers.
template <int Blocks, int T, bool Raw>
TARGET inline void multiply_group(const Matrix& m, const int8_t* group, int row, const Column* column) {
  constexpr int cell = std::min(Blocks, std::max(kCells / T, 1)), rest = Blocks % cell;
  int b = 0;
  for (; b + cell <= Blocks; b += cell) multiply_cell<cell, T, Raw>(m, group, b, Blocks, row + kBlock * b, column);
  if constexpr (rest > 0) multiply_cell<rest, T, Raw>(m, group, b, Blocks, row + kBlock * b, column);
}

template <int T, bool Raw>
TARGET void multiply(const Matrix& m, const Column* column) {
  const int8_t* weights = m.weights;
  for (int row = 0; row < m.rows;) {
    const int blocks = std::min(kGroup, (m.rows - row) / kBlock);
    switch (blocks) {
      case 1:
        multiply_group<1, T, Raw>(m, weights, row, column);
        break;
      case 2:
        multiply_group<2, T, Raw>(m, weights, row, column);
        break;
      case 3:
        multiply_group<3, T, Raw>(m, weights, row, column);
        break;
      case 4:
        multiply_group<4, T, Raw>(m, weights, row, column);
        break;
      default:
        if constexpr (kGroup > 4) {
          switch (blocks) {
            case 5:
              multiply_group<5, T, Raw>(m, weights, row, column);
              break;
            case 6:
              multiply_group<6, T, Raw>(m, weights, row, column);
              break;
            case 7:
              multiply_group<7, T, Raw>(m, weights, row, column);
              break;
            case 8:
              multiply_group<8, T, Raw>(m, weights, row, column);
              break;
          }
        }
    }
    row += kBlock * blocks;
    weights += size_t{kBlock} * blocks * m.inputs;
  }
}
