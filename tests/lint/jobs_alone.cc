// Linked with every object of the kernel and with nothing else of ours. That it links is the test.
int main() {
  return 0;
}
