package main

func (p *poll) watch(args []string) int { return 0 }
